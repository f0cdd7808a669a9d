"""The registry: models are found through entry points alone."""

import tomllib
from importlib.metadata import EntryPoint
from pathlib import Path

import pytest

from guidestep.assessment import (
    CervicalAssessment,
    UnknownAssessmentModel,
    available,
    find,
    registry,
)

PYPROJECT = Path(__file__).parents[2] / "pyproject.toml"
CERVICAL = "guidestep.assessment.cervical:CervicalAssessment"


@pytest.fixture
def install(monkeypatch):
    """Install entry points given as name and place."""

    def install(*offers):
        points = [EntryPoint(name, place, registry.GROUP) for name, place in offers]

        def entry_points(*, group):
            assert group == "guidestep.assessments"
            return points

        monkeypatch.setattr(registry, "entry_points", entry_points)

    return install


def test_the_package_offers_the_cervical_model(install):
    project = tomllib.loads(PYPROJECT.read_text(encoding="utf-8"))["project"]
    offers = project["entry-points"]["guidestep.assessments"]
    install(*offers.items())
    assert available() == ("cervical",)
    assert find("cervical") is CervicalAssessment


def test_a_package_that_is_seen_twice_offers_one_model(install):
    install(("cervical", CERVICAL), ("cervical", CERVICAL))
    assert available() == ("cervical",)
    assert find("cervical") is CervicalAssessment


@pytest.mark.parametrize(
    ("asked", "text"),
    [
        (
            "cervcal",
            "no assessment model 'cervcal': installed are cervical, knee; did you mean 'cervical'?",
        ),
        ("zzz", "no assessment model 'zzz': installed are cervical, knee"),
    ],
)
def test_an_unknown_model(install, asked, text):
    install(("knee", "knee:KneeAssessment"), ("cervical", CERVICAL))
    with pytest.raises(UnknownAssessmentModel) as error:
        find(asked)
    assert str(error.value) == text


def test_nothing_installed(install):
    install()
    assert available() == ()
    with pytest.raises(UnknownAssessmentModel, match="'cervical': none is installed"):
        find("cervical")


def test_two_packages_that_offer_different_models_under_one_id(install):
    install(("cervical", CERVICAL), ("cervical", "other:Cervical"))
    with pytest.raises(UnknownAssessmentModel) as error:
        find("cervical")
    assert str(error.value) == (
        f"the assessment model 'cervical' is offered twice: {CERVICAL} and other:Cervical"
    )


@pytest.mark.parametrize(
    ("name", "place", "text"),
    [
        ("neck", CERVICAL, "is offered as 'neck', but its id is 'cervical'"),
        (
            "section",
            "guidestep.assessment:Section",
            "as the assessment model 'section', is not one",
        ),
        ("find", "guidestep.assessment:find", "as the assessment model 'find', is not one"),
    ],
)
def test_an_offer_that_is_not_what_it_says(install, name, place, text):
    install((name, place))
    with pytest.raises(TypeError, match=text):
        find(name)
