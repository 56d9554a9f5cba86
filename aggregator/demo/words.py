"""The words that invented headlines are filled in with. No place, person, club or company here exists.

A word that differs by language is written "Indonesian|English". The lists have lengths without a common divisor, so
that a headline with two of them repeats only after their product.
"""

from dataclasses import dataclass
from typing import Final, TypeAlias

Words: TypeAlias = tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Plot:
    """What may happen, as different newsrooms word it. Slots, as in "{town}", are names of lists in `WORDS`.

    Attributes:
        indonesian: Headlines that tell the same; the first is the one agencies send.
        english: The same in English.
    """

    indonesian: Words
    english: Words


def _numbers(first: int, count: int, step: int = 1) -> Words:
    return tuple(str(first + step * nth) for nth in range(count))


def _decimals(first: int, count: int) -> Words:
    """Tenths, with the comma or the point that the language writes."""
    return tuple(f"{tenths // 10},{tenths % 10}|{tenths // 10}.{tenths % 10}" for tenths in range(first, first + count))


WORDS: Final[dict[str, Words]] = {
    "town": (
        *(
            "Arunika",
            "Selasih",
            "Tanjung Kirana",
            "Bukit Lesung",
            "Wanarupa",
            "Lubuk Cempaka",
            "Tirtaloka",
            "Sendangsari",
        ),
        *("Teluk Manggis", "Randuwangi", "Kuala Damar", "Batu Gambir", "Rawa Kenanga", "Muara Lontar", "Padang Suji"),
        *("Gunung Kemuning", "Pasir Delima", "Karang Melur", "Telaga Pinang", "Hulu Sirih", "Ujung Kelapa"),
        *("Lembah Pandan", "Pulau Dadap"),
    ),
    "person": (
        *("Bramantya Wirajaya", "Sekar Danastri", "Yudha Palguna", "Larasati Kembara", "Tegar Anggarda"),
        *("Naraya Pitaloka", "Galih Samudro", "Wening Arsanti", "Damar Sulaksana", "Kirana Mahoni", "Rangga Tirtayasa"),
        *("Ayu Lembayung", "Satrio Pamungkur", "Melati Cendani", "Bagas Rinangku", "Intan Sagara", "Panji Werdaya"),
        *("Ratih Kusumawani", "Elang Baskoroto"),
    ),
    "club": (
        *("Elang Selasih", "Persada Arunika", "Banteng Wanarupa", "Laskar Lesung", "Garuda Tirtaloka"),
        *("Macan Randuwangi", "Putra Damar", "Badak Gambir", "Rajawali Kirana", "Harimau Sendang"),
        *(
            "Kancil Manggis",
            "Naga Lontar",
            "Merpati Kenanga",
            "Hiu Melur",
            "Kijang Suji",
            "Bintang Delima",
            "Ombak Dadap",
        ),
    ),
    "rival": (
        *("Arsenik United", "Serdadu Pinang", "Gajah Sirih", "Cakra Kemuning", "Perkutut FC", "Tornado Kelapa"),
        *("Angsa Pandan", "Meteor Lubuk", "Pelaut Muara", "Sinar Telaga", "Buaya Rawa", "Obor Hulu", "Topan Pasir"),
    ),
    "company": (
        *(
            "Bank Lumbung",
            "Nusakopi",
            "Sagara Energi",
            "Kilat Logistik",
            "Rumbia Pangan",
            "Anjungan Air",
            "Tenun Digital",
        ),
        *("Baja Wanarupa", "Kertas Lontar", "Gula Sendang", "Pelayaran Manggis"),
    ),
    "startup": (
        *("Ketupat Labs", "Gawai Kita", "Pijar AI", "Lentera Data", "Warung Awan", "Jaring Nusa", "Semut Robotik"),
        *("Kancil Pay", "Sirip Cloud", "Bambu Chip", "Cermin Sandi", "Tapak Maps", "Ronda Siber"),
    ),
    "country": (
        *("Valdoria", "Morvania", "Kesterland", "Talvera", "Ostrava Timur|East Ostravia", "Zarimbia", "Halcyonia"),
        *("Bergmark", "Quillania", "San Aurelio", "Kepulauan Nerith|the Nerith Islands"),
    ),
    "neighbour": (
        *("Druvenia", "Sorrentia", "Palmyria", "Ilmarin", "Karsovia", "Lower Fenwick", "Tirimar", "Ashkara", "Velmond"),
        *("Rusalia", "Port Celeste", "Wenmark", "Coronel"),
    ),
    "commodity": (
        *("beras|rice", "kopi|coffee", "cabai|chili", "minyak goreng|cooking oil", "gula|sugar", "kedelai|soybean"),
        *("garam|salt",),
    ),
    "project": (
        *(
            "jalur kereta pesisir|coastal railway",
            "bendungan serbaguna|multipurpose dam",
            "rumah sakit daerah|district hospital",
        ),
        *("jembatan layang|overpass", "pasar induk|wholesale market", "pelabuhan nelayan|fishing port"),
        *("terminal bus terpadu|integrated bus terminal",),
    ),
    "law": (
        *("tata ruang pesisir|coastal zoning", "perlindungan data|data protection", "upah minimum|minimum wage"),
        *("angkutan daring|ride-hailing", "pajak daerah|local tax", "pengelolaan sampah|waste management"),
        *("keterbukaan anggaran|budget transparency",),
    ),
    "gadget": (
        *("ponsel lipat|foldable phone", "jam tangan pintar|smartwatch", "laptop tenaga surya|solar laptop"),
        *("kacamata terjemah|translation glasses", "pelantang rumah|home speaker"),
    ),
    "hours": _numbers(3, 16),
    "count": _numbers(12, 29, 3),
    "thousands": _numbers(3, 31),
    "percent": _decimals(23, 37),
    "magnitude": _decimals(41, 19),
    "centimetres": _numbers(40, 22, 5),
    "round": _numbers(2, 31),
    "score": ("2-0", "3-1", "1-0", "4-2", "2-1", "3-2", "3-0"),
}
"""Slot name → what may stand in it."""
