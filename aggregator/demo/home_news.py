"""What happens at home: politics, economy, disasters."""

from typing import Final

from aggregator.demo.words import Plot

POLITICS: Final = (
    Plot(
        indonesian=(
            "DPRD {town} Sahkan Aturan {law} Setelah Debat {hours} Jam",
            "Debat {hours} Jam Berakhir, Aturan {law} Disahkan di {town}",
            "Aturan {law} di {town} Akhirnya Lolos",
        ),
        english=(
            "{town} council passes {law} rules after {hours} hours of debate",
            "After {hours} hours of argument, {town} adopts {law} rules",
        ),
    ),
    Plot(
        indonesian=(
            "{person} Dilantik Jadi Wali Kota {town}",
            "Resmi Pimpin {town}, {person} Janji Benahi Layanan Publik",
            "Wali Kota Baru {town}: {person} Mulai Bekerja Hari Ini",
        ),
        english=("{person} sworn in as mayor of {town}", "New {town} mayor {person} promises better public services"),
    ),
    Plot(
        indonesian=(
            "Panitia {town} Tetapkan {count} Calon untuk Pemilihan Ulang",
            "{count} Nama Lolos, Pemilihan Ulang di {town} Segera Digelar",
            "Pemilihan Ulang {town} Diikuti {count} Calon",
        ),
        english=(
            "{count} candidates cleared for {town} rerun vote",
            "Election board in {town} confirms {count} names for rerun",
        ),
    ),
    Plot(
        indonesian=(
            "{person} Mundur dari Komisi Anggaran {town}, Ini Alasannya",
            "Alasan Keluarga, {person} Tinggalkan Komisi Anggaran {town}",
            "Komisi Anggaran {town} Kehilangan {person} di Tengah Pembahasan {law}",
        ),
        english=(
            "{person} quits {town} budget committee during {law} talks",
            "{town} budget committee loses {person} as {law} bill nears vote",
        ),
    ),
    Plot(
        indonesian=(
            "{count} Ribu Warga {town} Teken Petisi Tolak Aturan {law}",
            "Petisi Aturan {law} di {town} Tembus {count} Ribu Tanda Tangan",
            "Warga {town} Minta Aturan {law} Ditunda",
        ),
        english=(
            "{count},000 in {town} sign petition against {law} rules",
            "Petition over {law} rules gathers {count},000 names in {town}",
        ),
    ),
    Plot(
        indonesian=(
            "Pemkot {town} Siapkan Rp{count} Miliar untuk {project}",
            "Anggaran Rp{count} Miliar Disiapkan, {town} Bangun {project}",
            "{town} Segera Punya {project} Baru",
        ),
        english=(
            "{town} sets aside Rp{count} billion for {project}",
            "Rp{count} billion {project} gets green light in {town}",
        ),
    ),
    Plot(
        indonesian=(
            "Koalisi {person} Kantongi {count} Kursi di {town}",
            "Hitung Resmi: {count} Kursi {town} untuk Koalisi {person}",
            "{person} Pastikan Mayoritas di Dewan {town}",
        ),
        english=(
            "{person} coalition secures {count} seats in {town}",
            "Official count gives {person} bloc {count} seats in {town}",
        ),
    ),
    Plot(
        indonesian=(
            "Ombudsman Terima {count} Laporan Soal Layanan KTP di {town}",
            "Antre KTP di {town} Dikeluhkan, Ombudsman Catat {count} Laporan",
            "{count} Warga {town} Adukan Layanan KTP",
        ),
        english=(
            "Ombudsman logs {count} complaints over ID cards in {town}",
            "ID card queues in {town} draw {count} complaints",
        ),
    ),
)

ECONOMY: Final = (
    Plot(
        indonesian=(
            "Harga {commodity} di {town} Naik {percent} Persen Jelang Akhir Pekan",
            "{commodity} Makin Mahal, Pedagang {town} Keluhkan Kenaikan {percent} Persen",
            "Naik {percent} Persen, Harga {commodity} di {town} Jadi Sorotan",
        ),
        english=(
            "{commodity} prices in {town} jump {percent} percent before weekend",
            "Traders in {town} feel {percent} percent rise in {commodity} prices",
        ),
    ),
    Plot(
        indonesian=(
            "Laba {company} Tumbuh {percent} Persen pada Kuartal Ini",
            "{company} Bukukan Kenaikan Laba {percent} Persen",
            "Kinerja Kuartalan {company}: Laba Naik {percent} Persen",
        ),
        english=(
            "{company} quarterly profit up {percent} percent",
            "{company} beats forecasts with {percent} percent profit growth",
        ),
    ),
    Plot(
        indonesian=(
            "{company} Buka {count} Gerai Baru di {town}",
            "Ekspansi ke {town}, {company} Tambah {count} Gerai",
            "{count} Gerai {company} Hadir di {town}, Serap Tenaga Kerja Lokal",
        ),
        english=("{company} to open {count} outlets in {town}", "{count} new {company} outlets bring jobs to {town}"),
    ),
    Plot(
        indonesian=(
            "Rupiah Menguat {percent} Persen, Saham {company} Ikut Terangkat",
            "Saham {company} Melaju Saat Rupiah Naik {percent} Persen",
            "Penguatan Rupiah {percent} Persen Dorong Saham {company}",
        ),
        english=(
            "Rupiah gains {percent} percent, lifting {company} shares",
            "{company} rallies as rupiah climbs {percent} percent",
        ),
    ),
    Plot(
        indonesian=(
            "Ekspor {commodity} ke {neighbour} Capai {thousands} Ribu Ton",
            "{neighbour} Serap {thousands} Ribu Ton {commodity} Nasional",
            "{thousands} Ribu Ton {commodity} Dikirim ke {neighbour}",
        ),
        english=(
            "{commodity} exports to {neighbour} reach {thousands},000 tons",
            "{neighbour} buys {thousands},000 tons of {commodity}",
        ),
    ),
    Plot(
        indonesian=(
            "{count} Pabrik di {town} Sepakati Kenaikan Upah {percent} Persen",
            "Buruh {town} Menang: Upah Naik {percent} Persen di {count} Pabrik",
            "Upah {count} Pabrik {town} Naik {percent} Persen",
        ),
        english=(
            "{count} factories in {town} agree on {percent} percent pay rise",
            "{town} workers win {percent} percent raise",
        ),
    ),
    Plot(
        indonesian=(
            "{company} Terbitkan Obligasi Rp{thousands} Triliun untuk {project}",
            "Danai {project}, {company} Lepas Obligasi Rp{thousands} Triliun",
            "Obligasi Rp{thousands} Triliun {company} Laris Dipesan",
        ),
        english=(
            "{company} sells Rp{thousands} trillion bond to fund {project}",
            "Demand strong for {company} Rp{thousands} trillion bond",
        ),
    ),
    Plot(
        indonesian=(
            "Kunjungan Wisatawan ke {town} Naik {percent} Persen",
            "{town} Kebanjiran Turis, Hotel Terisi {count} Persen Lebih Tinggi",
            "Pariwisata {town} Pulih, Kunjungan Tumbuh {percent} Persen",
        ),
        english=("Visits to {town} rise {percent} percent", "Tourism in {town} recovers with {percent} percent growth"),
    ),
)

DISASTERS: Final = (
    Plot(
        indonesian=(
            "Gempa Magnitudo {magnitude} Guncang {town}, Tidak Berpotensi Tsunami",
            "{town} Diguncang Gempa M {magnitude}, Warga Berhamburan",
            "Gempa M {magnitude} Terasa Kuat di {town}",
        ),
        english=(
            "Magnitude {magnitude} quake shakes {town}, no tsunami alert",
            "Residents flee homes as {magnitude} quake hits {town}",
        ),
    ),
    Plot(
        indonesian=(
            "Banjir {centimetres} Sentimeter Rendam {count} Rumah di {town}",
            "{count} Rumah di {town} Terendam Banjir",
            "Hujan Semalam, {town} Dikepung Banjir {centimetres} Sentimeter",
        ),
        english=(
            "Flood of {centimetres} cm swamps {count} homes in {town}",
            "{count} homes under water in {town} after night of rain",
        ),
    ),
    Plot(
        indonesian=(
            "Longsor Tutup Jalan Utama {town}, {count} Kendaraan Terjebak",
            "Longsor di {town}: {count} Kendaraan Belum Bisa Lewat",
            "Jalan Utama {town} Lumpuh, {count} Kendaraan Tertahan Longsor",
        ),
        english=(
            "Landslide closes main road in {town}, {count} vehicles stuck",
            "{count} vehicles trapped by {town} landslide",
        ),
    ),
    Plot(
        indonesian=(
            "Kebakaran Gudang {company} di {town} Padam Setelah {hours} Jam",
            "{hours} Jam Api Berkobar di Gudang {company}, {town}",
            "Gudang {company} di {town} Ludes Terbakar",
        ),
        english=(
            "Fire at {company} warehouse in {town} out after {hours} hours",
            "{company} warehouse in {town} gutted by fire",
        ),
    ),
    Plot(
        indonesian=(
            "Angin Kencang Robohkan {count} Pohon di {town}",
            "{count} Pohon Tumbang Diterjang Angin Kencang {town}",
            "Listrik Padam di {town} Setelah Angin Robohkan {count} Pohon",
        ),
        english=(
            "Strong winds fell {count} trees in {town}",
            "Power cut in {town} after wind brings down {count} trees",
        ),
    ),
    Plot(
        indonesian=(
            "Status Gunung di {town} Naik, {count} Keluarga Mengungsi",
            "{count} Keluarga Tinggalkan Lereng Gunung {town}",
            "Gunung di {town} Waspada, Radius Aman Jadi {round} Kilometer",
        ),
        english=(
            "Volcano alert raised near {town}, {count} families leave",
            "{count} families evacuated from slopes near {town}",
        ),
    ),
    Plot(
        indonesian=(
            "{count} Nelayan {town} Selamat Usai Kapal Dihantam Ombak",
            "Kapal Dihantam Ombak, {count} Nelayan {town} Ditemukan Selamat",
            "Tim SAR Evakuasi {count} Nelayan di Perairan {town}",
        ),
        english=(
            "{count} fishermen rescued off {town} after wave hits boat",
            "Rescuers bring {count} {town} fishermen ashore",
        ),
    ),
    Plot(
        indonesian=(
            "Kekeringan, {thousands} Ribu Liter Air Bersih Dikirim ke {town}",
            "{town} Krisis Air, {thousands} Ribu Liter Didistribusikan",
            "Bantuan {thousands} Ribu Liter Air Tiba di {town}",
        ),
        english=(
            "{thousands},000 litres of water sent to drought-hit {town}",
            "Dry {town} receives {thousands},000 litres of clean water",
        ),
    ),
)
