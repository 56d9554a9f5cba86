"""What happens on the pitch, in the laboratory and abroad: sport, technology, the world."""

from typing import Final

from aggregator.demo.words import Plot

SPORT: Final = (
    Plot(
        indonesian=(
            "{club} Tekuk {rival} {score} di Pekan ke-{round}",
            "Pekan ke-{round}: {club} Terlalu Tangguh bagi {rival}",
            "{rival} Menyerah {score} dari {club}",
        ),
        english=("{club} beat {rival} {score} in round {round}", "Round {round}: {rival} fall {score} to {club}"),
    ),
    Plot(
        indonesian=(
            "{club} Resmi Rekrut {person} dari {rival}",
            "{person} Tinggalkan {rival}, Berlabuh di {club}",
            "Transfer Rampung: {person} Kini Milik {club}",
        ),
        english=("{club} sign {person} from {rival}", "{person} leaves {rival} for {club}"),
    ),
    Plot(
        indonesian=(
            "{person} Cetak Gol ke-{count}, {club} Naik ke Puncak",
            "Gol ke-{count} {person} Antar {club} ke Puncak Klasemen",
            "{club} ke Puncak Berkat {person}",
        ),
        english=(
            "{person} scores goal number {count} as {club} go top",
            "{club} lead table after {person} strikes again",
        ),
    ),
    Plot(
        indonesian=(
            "Cedera Lutut, {person} Absen {round} Pekan",
            "{club} Kehilangan {person} Selama {round} Pekan",
            "Kabar Buruk bagi {club}, {person} Cedera Lutut",
        ),
        english=("Knee injury rules {person} out for {round} weeks", "{club} without {person} for {round} weeks"),
    ),
    Plot(
        indonesian=(
            "{person} Juara Bulu Tangkis {neighbour} Terbuka",
            "Kalahkan Unggulan, {person} Angkat Trofi {neighbour} Terbuka",
            "Gelar {neighbour} Terbuka untuk {person}",
        ),
        english=(
            "{person} wins {neighbour} Open badminton title",
            "{neighbour} Open: {person} upsets top seed in final",
        ),
    ),
    Plot(
        indonesian=(
            "{person} Pecahkan Rekor Maraton {town}",
            "Maraton {town}: {person} Ukir Rekor di Depan {thousands} Ribu Penonton",
            "Rekor Baru Maraton {town} Milik {person}",
        ),
        english=(
            "{person} breaks {town} marathon record",
            "{town} marathon: record for {person} before {thousands},000 fans",
        ),
    ),
    Plot(
        indonesian=(
            "Pelatih {club} Dipecat Usai Takluk {score} dari {rival}",
            "Kalah dari {rival}, {club} Ganti Pelatih",
            "{club} Berpisah dengan Pelatih Setelah {round} Laga",
        ),
        english=(
            "{club} sack coach after {score} loss to {rival}",
            "Coach leaves {club} after {round} matches in charge",
        ),
    ),
    Plot(
        indonesian=(
            "Stadion {town} Siap Gelar Final, Tampung {thousands} Ribu Penonton",
            "Final Piala Digelar di {town}, {thousands} Ribu Tiket Ludes",
            "{town} Terpilih Jadi Tuan Rumah Final Piala {club}",
        ),
        english=(
            "{town} stadium ready for final with {thousands},000 seats",
            "{thousands},000 tickets gone for cup final in {town}",
        ),
    ),
)

TECHNOLOGY: Final = (
    Plot(
        indonesian=(
            "{startup} Raih Pendanaan {count} Juta Dolar",
            "Investor Suntik {startup} {count} Juta Dolar",
            "Modal {count} Juta Dolar untuk {startup}",
        ),
        english=("{startup} raises {count} million dollars", "Investors put {count} million dollars into {startup}"),
    ),
    Plot(
        indonesian=(
            "{startup} Luncurkan {gadget} dengan Baterai {count} Jam",
            "Baterai {count} Jam, {gadget} {startup} Mulai Dijual",
            "{gadget} Buatan {startup} Resmi Meluncur",
        ),
        english=(
            "{startup} launches {gadget} with {count}-hour battery",
            "{gadget} by {startup} goes on sale with {count}-hour battery",
        ),
    ),
    Plot(
        indonesian=(
            "Layanan {startup} Tumbang {count} Menit, Pengguna di {town} Mengeluh",
            "{startup} Jelaskan Gangguan {count} Menit",
            "Sempat Mati {count} Menit, {startup} Kembali Normal",
        ),
        english=(
            "{startup} outage lasts {count} minutes, users in {town} complain",
            "{startup} explains {count}-minute outage",
        ),
    ),
    Plot(
        indonesian=(
            "Peneliti {town} Latih AI Pengenal {commodity} Palsu",
            "AI Buatan {town} Bisa Bedakan {commodity} Palsu, Akurasi {count} Kali Lipat",
            "Cegah {commodity} Palsu, Kampus {town} Andalkan AI",
        ),
        english=(
            "{town} researchers train AI to spot fake {commodity}",
            "Fake {commodity} no match for AI built in {town}",
        ),
    ),
    Plot(
        indonesian=(
            "{startup} Tambal {count} Celah Keamanan, Segera Perbarui Aplikasi",
            "{count} Celah di Aplikasi {startup} Ditutup",
            "Ada {count} Celah, Pengguna {startup} Diminta Perbarui Aplikasi",
        ),
        english=("{startup} patches {count} security holes", "Update now: {startup} closes {count} security holes"),
    ),
    Plot(
        indonesian=(
            "{town} Uji Bus Otonom Buatan {startup}",
            "Tanpa Sopir, Bus {startup} Keliling {town}",
            "Bus Otonom {startup} Mulai Beroperasi di {town}",
        ),
        english=("{town} tests driverless bus by {startup}", "Driverless {startup} bus takes to streets of {town}"),
    ),
    Plot(
        indonesian=(
            "Pusat Data {startup} di {town} Serap {count} Megawatt",
            "{startup} Bangun Pusat Data {count} Megawatt di {town}",
            "{town} Jadi Lokasi Pusat Data {startup}",
        ),
        english=("{startup} plans {count}-megawatt data centre in {town}", "{town} chosen for {startup} data centre"),
    ),
    Plot(
        indonesian=(
            "{company} Gandeng {startup} Kembangkan Dompet Digital",
            "Dompet Digital Baru Hasil Kerja Sama {company} dan {startup}",
            "{startup} dan {company} Rilis Dompet Digital",
        ),
        english=(
            "{company} teams up with {startup} on digital wallet",
            "Digital wallet by {company} and {startup} opens to public",
        ),
    ),
)

WORLD: Final = (
    Plot(
        indonesian=(
            "{country} dan {neighbour} Sepakati Gencatan Senjata {count} Hari",
            "Gencatan Senjata {count} Hari Berlaku di Perbatasan {country}-{neighbour}",
            "Setelah Perundingan Panjang, {country} dan {neighbour} Berdamai",
        ),
        english=(
            "{country} and {neighbour} agree {count}-day ceasefire",
            "Guns fall silent on border of {country} and {neighbour}",
        ),
    ),
    Plot(
        indonesian=(
            "Pemilu {country}: Partai Oposisi Unggul {percent} Persen",
            "Oposisi Pimpin Hitung Cepat {country} dengan Selisih {percent} Persen",
            "Hasil Awal Pemilu {country}: Oposisi Memimpin {percent} Persen",
        ),
        english=(
            "{country} vote: opposition ahead by {percent} percent",
            "Opposition leads early count in {country} by {percent} percent",
        ),
    ),
    Plot(
        indonesian=(
            "{country} Naikkan Tarif Impor {commodity} dari {neighbour} {percent} Persen",
            "Perang Tarif: {country} Sasar {commodity} {neighbour}",
            "{neighbour} Protes Tarif {percent} Persen {country}",
        ),
        english=(
            "{country} raises tariff on {commodity} from {neighbour} to {percent} percent",
            "{neighbour} protests {percent} percent tariff by {country}",
        ),
    ),
    Plot(
        indonesian=(
            "Menlu {country} Kunjungi {neighbour}, Bahas {project}",
            "{project} Jadi Agenda Kunjungan Menlu {country} ke {neighbour}",
            "{neighbour} Sambut Menlu {country}",
        ),
        english=(
            "{country} foreign minister visits {neighbour} over {project}",
            "{neighbour} and {country} discuss {project}",
        ),
    ),
    Plot(
        indonesian=(
            "Badai Salju Lumpuhkan {country}, {count} Penerbangan Batal",
            "{count} Penerbangan Batal Akibat Badai Salju {country}",
            "Bandara {country} Tutup, Badai Salju Batalkan {count} Penerbangan",
        ),
        english=(
            "Snowstorm grounds {count} flights in {country}",
            "{country} airports shut as storm cancels {count} flights",
        ),
    ),
    Plot(
        indonesian=(
            "{thousands} Ribu Pengungsi {neighbour} Tiba di {country}",
            "{country} Buka Perbatasan bagi {thousands} Ribu Pengungsi {neighbour}",
            "Gelombang Pengungsi {neighbour} Capai {country}",
        ),
        english=(
            "{thousands},000 refugees from {neighbour} reach {country}",
            "{country} opens border to {thousands},000 from {neighbour}",
        ),
    ),
    Plot(
        indonesian=(
            "Pekerja Kereta {country} Mogok, {count} Kota Terdampak",
            "Mogok Kereta di {country} Meluas ke {count} Kota",
            "{count} Kota di {country} Tanpa Kereta",
        ),
        english=("Rail strike hits {count} cities in {country}", "{country} rail workers walk out in {count} cities"),
    ),
    Plot(
        indonesian=(
            "{neighbour} Luncurkan Satelit Cuaca Bersama {country}",
            "Satelit Cuaca ke-{count} {neighbour} Mengorbit",
            "{country} dan {neighbour} Kirim Satelit Cuaca ke Orbit",
        ),
        english=(
            "{neighbour} and {country} launch weather satellite",
            "Weather satellite number {count} in orbit for {neighbour}",
        ),
    ),
)
