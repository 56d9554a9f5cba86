import pytest

from aggregator.dedupe.titles import folded_title, is_same_but_for_a_label, normalised_title


@pytest.mark.parametrize(
    ("one", "other"),
    [
        pytest.param("Kabut Asap Menipis!", "kabut asap  menipis", id="case and punctuation"),
        pytest.param("Jum’at kelabu", "Jum'at kelabu", id="apostrophes"),
        pytest.param("“Kabut” – asap", '"Kabut" - asap', id="quotes and dashes"),
        pytest.param("ＫＡＢＵＴ asap", "kabut asap", id="full width"),
        pytest.param("Cafe\u0301 tutup", "Café tutup", id="composed or not"),
    ],
)
def test_printings_of_one_title_fold_together(one: str, other: str) -> None:
    assert folded_title(one) == folded_title(other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        pytest.param("Harga beras naik $5", "Harga beras naik €5", id="currency"),
        pytest.param("दिन की खबर", "दान की खबर", id="vowel signs"),
        pytest.param("???", "!!!", id="only signs"),
    ],
)
def test_different_titles_stay_apart(one: str, other: str) -> None:
    assert folded_title(one) != folded_title(other)


@pytest.mark.parametrize(
    ("title", "outlet", "told"),
    [
        pytest.param("UPDATE: Kabut asap menipis", "", "kabut asap menipis", id="update"),
        pytest.param("UPDATE 1-Oil rises again", "", "oil rises again", id="numbered take"),
        pytest.param("[BREAKING] LIVE: Oil rises again", "", "oil rises again", id="two in a row"),
        pytest.param("Breaking News - Oil rises again", "", "oil rises again", id="dash"),
        pytest.param("Oil rises again - BBC News", "", "oil rises again", id="outlet by its word"),
        pytest.param("Oil rises again | detik.com", "", "oil rises again", id="outlet by its domain"),
        pytest.param("Kabut asap menipis - Dunia", "Dunia Hari Ini", "kabut asap menipis", id="the feed's own name"),
        pytest.param("Cuaca hari ini - Bandung", "Dunia", "cuaca hari ini bandung", id="a place is no outlet"),
        pytest.param("Cuaca | Dunia", "Dunia", "cuaca dunia", id="too little would be left"),
        pytest.param("Updates on the fire", "", "updates on the fire", id="a word that begins like one"),
        pytest.param("Live-in carers strike", "", "live in carers strike", id="a hyphen"),
        pytest.param("UPDATE:", "", "update", id="nothing else"),
    ],
)
def test_the_newsroom_words_around_a_title_go(title: str, outlet: str, told: str) -> None:
    assert normalised_title(title, outlet) == told


def test_a_title_that_grows_when_it_is_folded_is_cut() -> None:
    folded = folded_title("\ufdfa" * 1_000)
    assert len(folded) == 300
    assert folded_title(folded) == folded


@pytest.mark.parametrize(
    ("one", "other"),
    [
        pytest.param("Kabut asap menipis", "UPDATE: Kabut asap menipis", id="put before it"),
        pytest.param("[Diperbarui] Gempa M 5 guncang Maluku", "Gempa M 5 guncang Maluku", id="taken away"),
        pytest.param("BREAKING: Gempa guncang Maluku", "UPDATE 2-Gempa guncang Maluku", id="one for another"),
        pytest.param("Обновлено: пожар в центре", "СРОЧНО | пожар в центре", id="russian"),
        pytest.param("MISE À JOUR – Incendie à Paris", "Incendie à Paris", id="french"),
        pytest.param("【更新】北京暴雨造成多人死亡", "北京暴雨造成多人死亡", id="chinese"),
        pytest.param("عاجل: زلزال في تركيا", "زلزال في تركيا", id="arabic"),
        pytest.param("Tergesa-gesa: Banjir di Demak", "Banjir di Demak", id="a word that nobody listed"),
    ],
)
def test_a_label_before_a_title_makes_no_other_title(one: str, other: str) -> None:
    assert is_same_but_for_a_label(one, other)
    assert is_same_but_for_a_label(other, one)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        pytest.param("Prabowo: Kita harus maju", "Jokowi: Kita harus maju", id="another speaker"),
        pytest.param("Pukul 10: Tol macet", "Pukul 11: Tol macet", id="another hour"),
        pytest.param("Gempa M 5,1 guncang Maluku", "Gempa M 5,2 guncang Maluku", id="another number"),
        pytest.param("UPDATE: Gempa guncang Maluku", "Gempa guncang Sulut", id="another place"),
        pytest.param("Banjir", "Banjir besar", id="another word"),
    ],
)
def test_what_is_no_label_makes_another_title(one: str, other: str) -> None:
    assert not is_same_but_for_a_label(one, other)
