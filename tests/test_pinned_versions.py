"""Versions in pyproject.toml, constraints.txt and requirements-hashed.txt agree."""

import re
import tomllib
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version
from scripts_loaded import script

ROOT = Path(__file__).parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
DIRECT = [*PROJECT["dependencies"], *PROJECT["optional-dependencies"]["dev"]]


@cache
def pins(name: str) -> dict[str, Version]:
    found = re.findall(r"^([a-z0-9-]+)==(\S+)", (ROOT / name).read_text(encoding="utf-8"), re.MULTILINE)
    return {package: Version(version) for package, version in found}


# --- the tested versions ---


@pytest.mark.parametrize(
    "dependency", [Requirement(text) for text in DIRECT], ids=lambda dependency: dependency.name
)
def test_each_dependency_is_pinned_within_its_bounds(dependency: Requirement) -> None:
    assert dependency.specifier.contains(pins("constraints.txt")[canonicalize_name(dependency.name)])


def test_both_files_hold_the_same_versions_and_torch_alone_has_no_hash() -> None:
    with_torch = {"torch": pins("constraints.txt")["torch"], **pins("requirements-hashed.txt")}
    assert pins("constraints.txt") == with_torch
    text = (ROOT / "requirements-hashed.txt").read_text(encoding="utf-8")
    assert len(re.findall(r"==\S+ \\\n +--hash=sha256:[0-9a-f]{64}\b", text)) == len(with_torch) - 1


@pytest.mark.parametrize("name", ["constraints.txt", "requirements-hashed.txt"])
def test_a_file_of_versions_names_no_place_to_take_them_from(name: str) -> None:
    assert not re.search(r"://|-index|find-links|^-", (ROOT / name).read_text(encoding="utf-8"), re.MULTILINE)


def test_what_needs_another_package_pins_it_as_well() -> None:
    # pytest needs pluggy, and pluggy is named nowhere in pyproject.toml.
    versions = script("pin_versions").installed_versions("pytest")
    assert {"pytest", "pluggy", "packaging"} <= versions.keys()
    assert "numpy" not in versions


def test_a_build_for_one_kind_of_machine_is_pinned_as_its_version_alone() -> None:
    text = script("pin_versions").constraints_text({"torch": Version("2.13.0+cpu")})
    assert text.splitlines()[-1] == "torch==2.13.0"


def test_every_hash_of_a_package_stands_under_its_version() -> None:
    versions = {"numpy": Version("2.0"), "torch": Version("2.13.0+cpu")}
    text = script("pin_versions").hashed_text(versions, {"numpy": ["b" * 64, "a" * 64]})
    assert text.endswith(f"numpy==2.0 \\\n    --hash=sha256:{'a' * 64} \\\n    --hash=sha256:{'b' * 64}\n")


# --- lower bounds ---


def lowest(*dependencies: str) -> list[str]:
    return list(script("lower_bounds").lowest_pins(dependencies))


def test_a_lower_bound_becomes_a_pin() -> None:
    assert lowest("numpy>=2", "hydra-core>=1.3,<1.4") == ["numpy==2", "hydra-core==1.3"]


def test_what_is_for_other_platforms_and_what_follows_torch_is_left_out() -> None:
    assert lowest("torch>=2.6", "winloop>=0.1; platform_system == 'Plan 9'") == []


@pytest.mark.parametrize("dependency", ["numpy", "numpy<3", "numpy>=2,>=2.1"])
def test_a_dependency_without_one_lower_bound_is_refused(dependency: str) -> None:
    with pytest.raises(ValueError, match="one lower bound"):
        lowest(dependency)


def test_every_base_dependency_has_a_lower_bound() -> None:
    assert len(lowest(*PROJECT["dependencies"])) >= len(PROJECT["dependencies"]) - 3


def test_the_file_that_is_read_is_this_projects() -> None:
    module: Any = script("lower_bounds")
    assert module.base_dependencies(module.PROJECT) == PROJECT["dependencies"]


# --- without torch ---


def test_requirements_without_torch_are_those_of_the_project_but_torch_and_what_brings_it() -> None:
    module: Any = script("without_torch")
    kept = list(module.without_torch(module.all_requirements(module.PROJECT)))
    left_out = {*PROJECT["dependencies"], *PROJECT["optional-dependencies"]["dev"]} - set(kept)
    names = {canonicalize_name(Requirement(one).name) for one in left_out}
    assert {"torch", "accelerate", "bitsandbytes", "triton"} <= names
    assert not names & {"numpy", "transformers", "pytest", "scikit-learn"}
    assert names == module.NEEDS_TORCH | module.TOOLS  # no name stands there that is required no more
