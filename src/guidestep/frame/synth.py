"""Synthetic cohorts: as many patients as wanted, none of them real, all valid for a guideline."""

from __future__ import annotations

import json
import os
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import cache
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING, cast

import narwhals as nw

from guidestep.assessment import Assessment, AssessmentError, Problem
from guidestep.cases import Case, read_cases
from guidestep.frame.schema import columns_of
from guidestep.frame.tables import frame_of
from guidestep.guideline import Guideline, SettingError, shipped, shipped_folder
from guidestep.outcome import Outcome

if TYPE_CHECKING:
    import polars
    from narwhals.dtypes import DType
    from narwhals.typing import IntoDataFrame

    from guidestep.frame.draws import Population

PATIENT = "patient"
"""The column of the names of the patients: `synthetic-00000001` and so on."""

SYNTHETIC = "synthetic"
"""The column, and the key in the metadata of a Parquet file, that says so: always true."""

CHUNK = 50_000
"""Patients that are drawn at once; a cohort of any size needs the memory of a few chunks."""

SHARES: Mapping[Outcome, float] = {
    Outcome.RECOMMEND: 0.60,
    Outcome.ASSESS_FIRST: 0.20,
    Outcome.SURVEILLANCE: 0.06,
    Outcome.NOT_ELIGIBLE: 0.05,
    Outcome.REFERRAL: 0.06,
    Outcome.URGENT_REFERRAL: 0.03,
}
"""How often a patient starts from a case with this outcome: emergencies are rare."""


def synthesize(
    guideline: Guideline,
    count: int,
    *,
    seed: int = 0,
    missing: float = 0.15,
    backend: str = "polars",
    cases: Iterable[Case] | None = None,
) -> IntoDataFrame:
    """Return a frame of synthetic patients, all of them valid for the guideline's model.

    Each patient starts from one of the guideline's cases, the ordinary ones more often than the
    emergencies. Then numbers and dates are moved, some values come from another case or are
    drawn evenly from all that is allowed, and of the optional values the share `missing` is left
    out: many records lack little, some nearly everything. Derived values are filled in. The cases
    of a shipped guideline are known; those of another are read with `guidestep.cases.read_cases`.
    Without cases every value is drawn evenly. What comes out exercises a guideline; it is no
    picture of any population.

    The columns are `patient` (text), `synthetic` (true) and those of `schema(guideline)`. The same
    arguments and versions of NumPy and Polars give the same frame. `backend` is as for `to_frame`.

    >>> import guidestep
    >>> frame = synthesize(guidestep.load("cervical-spasm-opll"), 1000, seed=7)
    >>> frame.shape, frame["synthetic"].all(), frame["scope.age_years"].max() <= 120
    ((1000, 106), True, True)

    Raises:
        SettingError: An argument is out of its bounds.
        AssessmentError: A case cannot be read as an assessment of the guideline's model.
        ColumnError: There is no such backend, or it is not installed.
        ModuleNotFoundError: NumPy or Polars is not installed.
    """
    chunks = synthetic_chunks(
        guideline, count, seed=seed, missing=missing, backend=backend, cases=cases
    )
    frames = [nw.from_native(chunk, eager_only=True) for chunk in chunks]
    return cast("IntoDataFrame", nw.concat(frames).to_native())


def synthetic_chunks(
    guideline: Guideline,
    count: int,
    *,
    seed: int = 0,
    missing: float = 0.15,
    backend: str = "polars",
    cases: Iterable[Case] | None = None,
) -> Iterator[IntoDataFrame]:
    """Yield the frame of `synthesize` in parts of at most `CHUNK` rows, at least one part.

    >>> import guidestep
    >>> chunks = synthetic_chunks(guidestep.load("cervical-spasm-opll"), 60_000, missing=0)
    >>> [len(chunk) for chunk in chunks]
    [50000, 10000]

    Raises:
        As `synthesize`; bad arguments at once, not with the first part.
    """
    chunks = _chunks(guideline, count, seed, missing, cases)
    if backend == "polars":
        return chunks
    columns = columns_of(guideline.model).values()
    dtypes: dict[str, DType] = {PATIENT: nw.String(), SYNTHETIC: nw.Boolean()}
    dtypes |= {column.name: column.dtype for column in columns}
    frame_of(dict.fromkeys(dtypes, ()), dtypes, backend)  # the backend is known, or not, now
    return (frame_of(chunk.to_dict(as_series=False), dtypes, backend) for chunk in chunks)


def write_synthetic(
    path: Path,
    guideline: Guideline,
    count: int,
    *,
    seed: int = 0,
    missing: float = 0.15,
    cases: Iterable[Case] | None = None,
    advance: Callable[[int], object] = int,
) -> None:
    """Write the patients of `synthesize` to a Parquet or CSV file, by its name, part by part.

    The metadata of a Parquet file say that it is synthetic, and how it was made. `advance` is
    called with the number of patients of each part. The file is there when it is whole.

    >>> import guidestep, polars, tempfile
    >>> guideline = guidestep.load("cervical-spasm-opll")
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = Path(folder) / "cohort.parquet"
    ...     write_synthetic(path, guideline, 100)
    ...     polars.read_parquet_metadata(path)["synthetic"]
    'true'

    Raises:
        As `synthesize`; also OSError, where the file cannot be written.
    """
    if path.suffix not in (".parquet", ".csv"):
        raise SettingError(f"{path} must be named NAME.parquet or NAME.csv")
    chunks = _counted(_chunks(guideline, count, seed, missing, cases), advance)
    part = path.with_name(f"{path.name}.part")
    try:
        if path.suffix == ".csv":
            with part.open("wb") as file:
                for number, chunk in enumerate(chunks):
                    chunk.write_csv(file, include_header=number == 0)
        else:
            part.touch()  # an error of the system's own, rather than one of Polars
            _write_parquet(part, chunks, _made_how(guideline, count, seed, missing))
        os.replace(part, path)
    finally:
        try:
            part.unlink(missing_ok=True)
        except KeyboardInterrupt:  # Polars lets one interrupt arrive twice, the second time here
            part.unlink(missing_ok=True)
            raise


def _counted(
    chunks: Iterator[polars.DataFrame], advance: Callable[[int], object]
) -> Iterator[polars.DataFrame]:
    for chunk in chunks:
        yield chunk
        advance(len(chunk))


def _write_parquet(
    path: Path, chunks: Iterator[polars.DataFrame], made_how: Mapping[str, str]
) -> None:
    from polars.exceptions import ComputeError
    from polars.io.plugins import register_io_source

    first = next(chunks)

    def source(*_: object) -> Iterator[polars.DataFrame]:
        yield first
        yield from chunks

    # A sink takes the chunks one after the other, so that memory does not grow with the file.
    whole = register_io_source(source, schema=first.schema)
    try:
        whole.sink_parquet(path, metadata=dict(made_how))
    except ComputeError as error:
        if "IO error" not in str(error):
            raise
        raise OSError(str(error).rpartition("IO error: ")[2]) from None


def _made_how(guideline: Guideline, count: int, seed: int, missing: float) -> Mapping[str, str]:
    how = {
        "guideline": guideline.id,
        "version": guideline.version,
        "digest": guideline.digest,
        "patients": count,
        "seed": seed,
        "missing": missing,
        "guidestep": metadata.version("guidestep"),
    }
    return {SYNTHETIC: "true", "guidestep.synthesize": json.dumps(how)}


def _chunks(
    guideline: Guideline, count: int, seed: int, missing: float, cases: Iterable[Case] | None
) -> Iterator[polars.DataFrame]:
    """Return an iterator over the parts; what is wrong with the arguments is raised at once."""
    for name, number in (("the number of patients", count), ("the seed", seed)):
        if not isinstance(number, int) or isinstance(number, bool) or number < 0:
            raise SettingError(f"{name} is a whole number that is not negative, not {number!r}")
    if not isinstance(missing, int | float) or not 0 <= missing <= 1:
        raise SettingError(f"the share of missing values lies between 0 and 1, not {missing!r}")
    try:
        from guidestep.frame.draws import Population
    except ModuleNotFoundError as error:
        if error.name not in ("numpy", "polars"):
            raise
        raise ModuleNotFoundError(
            f"synthetic cohorts need {error.name}: pip install 'guidestep[cohort]'", name=error.name
        ) from None
    known = tuple(_shipped_cases(guideline.id) if cases is None else cases)
    archetypes = [_archetype(guideline.model, case) for case in known]
    population = Population.of(guideline.model, archetypes, _weights(known))
    return _drawn(population, count, seed, float(missing))


def _drawn(
    population: Population, count: int, seed: int, missing: float
) -> Iterator[polars.DataFrame]:
    import numpy
    import polars

    for number, start in enumerate(range(0, max(count, 1), CHUNK)):
        size = min(CHUNK, count - start)
        # Each part has its own stream of random numbers, which depends on nothing before it.
        rng = numpy.random.default_rng([seed, number])
        names = polars.int_range(start + 1, start + size + 1, eager=True).cast(polars.String)
        yield population.draw(rng, size, missing).select(
            ("synthetic-" + names.str.zfill(8)).alias(PATIENT),
            polars.lit(True).alias(SYNTHETIC),
            polars.all(),
        )


@cache
def _shipped_cases(id_: str) -> tuple[Case, ...]:
    """Return the cases of a shipped guideline; where others lie, a guideline does not know."""
    return read_cases(shipped_folder() / id_) if id_ in shipped() else ()


def _archetype(model: type[Assessment], case: Case) -> Assessment:
    try:
        return model.read(case.assessment)
    except AssessmentError as error:
        where = f"in the case '{case.id}'"
        raise AssessmentError(
            Problem(p.path, f"{where}: {p.message}", p.hint, p.code) for p in error.problems
        ) from None


def _weights(cases: Sequence[Case]) -> list[float]:
    """Return how often each case is drawn: its outcome's share, divided among its cases."""
    counts = Counter(case.entry.expect.outcome for case in cases)
    return [
        SHARES[Outcome(case.entry.expect.outcome)] / counts[case.entry.expect.outcome]
        for case in cases
    ]
