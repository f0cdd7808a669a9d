"""A small Spark cluster on this machine: a driver and two executors, each a process of its own."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    import polars as pl
    from pyspark.sql import DataFrame, SparkSession

WORKERS = 2
JAVA = 17

# Half of the start is the compiler of Java: for jobs this small its first stage is enough.
_JAVA_OPTIONS = "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC"

_SETTINGS = {
    "spark.master": f"local-cluster[{WORKERS},1,1024]",
    "spark.app.name": "guidestep tests",
    # Nothing leaves the machine, and no port is opened but on the loopback.
    "spark.driver.host": "127.0.0.1",
    "spark.driver.bindAddress": "127.0.0.1",
    "spark.ui.enabled": "false",
    "spark.ui.showConsoleProgress": "false",
    "spark.log.level": "ERROR",
    "spark.driver.extraJavaOptions": _JAVA_OPTIONS,
    "spark.executor.extraJavaOptions": _JAVA_OPTIONS,
    # The first job waits for both executors: one alone would do all of it.
    "spark.cores.max": str(WORKERS),
    "spark.scheduler.minRegisteredResourcesRatio": "1.0",
    "spark.scheduler.maxRegisteredResourcesWaitingTime": "120s",
    "spark.sql.shuffle.partitions": str(WORKERS),
    "spark.sql.session.timeZone": "UTC",
    # Else each call on a column asks Java for the session, to note the line it was made on.
    "spark.python.sql.dataFrameDebugging.enabled": "false",
}

_LOGGING = """\
rootLogger.level = error
rootLogger.appenderRef.stderr.ref = stderr
appender.stderr.type = Console
appender.stderr.name = stderr
appender.stderr.target = SYSTEM_ERR
appender.stderr.layout.type = PatternLayout
appender.stderr.layout.pattern = %p %c{1}: %m%n%ex
"""

# The steps of a plan that hand rows to Python, or that come from rows Python has made.
_FOREIGN = re.compile(r"Python|Pandas|Arrow|ExistingRDD|MapPartitions|MapElements|MapInBatch")
_STEP = re.compile(r"^[\s:|+*()\d-]*([A-Za-z]+(?: [A-Z][A-Za-z]+)*)", re.MULTILINE)


def require_java() -> None:
    """Fail, and say what to do, where there is no Java that Spark can run on."""
    home = os.environ.get("JAVA_HOME")
    java = shutil.which("java", path=f"{home}/bin" if home else None)
    hint = f"the Spark tests need Java {JAVA} or newer: install openjdk-{JAVA}-jre-headless"
    if java is None:
        pytest.fail(f"no java in {'JAVA_HOME' if home else 'PATH'}; {hint}", pytrace=False)
    said = subprocess.run([java, "-version"], capture_output=True, text=True, check=False).stderr
    version = re.search(r'version "(\d+)', said)
    if version is None or int(version[1]) < JAVA:
        pytest.fail(f"{java} is too old or broken: {said.strip()!r}; {hint}", pytrace=False)


@contextmanager
def cluster(directory: Path) -> Iterator[SparkSession]:
    """Run a cluster that writes nowhere but below `directory`."""
    import pyspark
    from pyspark import SparkContext
    from pyspark.sql import SparkSession

    # The workers write to SPARK_HOME/work, which by default is in the installed package.
    home = directory / "home"
    (home / "conf").mkdir(parents=True)
    (home / "conf" / "log4j2.properties").write_text(_LOGGING, encoding="utf-8")
    for part in ("bin", "jars"):
        (home / part).symlink_to(Path(pyspark.__file__).parent / part)

    builder = SparkSession.builder.config(map=_SETTINGS)
    builder.config("spark.local.dir", str(directory / "local"))
    builder.config("spark.sql.warehouse.dir", str(directory / "warehouse"))
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("SPARK_HOME", str(home))
        environment.setenv("SPARK_CONF_DIR", str(home / "conf"))
        environment.setenv("SPARK_LOCAL_IP", "127.0.0.1")
        environment.setenv("SPARK_LOCAL_HOSTNAME", "127.0.0.1")
        environment.setenv("PYSPARK_PYTHON", sys.executable)
        for name in ("PYSPARK_SUBMIT_ARGS", "SPARK_REMOTE", "SPARK_CONNECT_MODE_ENABLED"):
            environment.delenv(name, raising=False)
        session = builder.getOrCreate()
    try:
        yield session
    finally:
        session.stop()
        # Without this the Java process lives on until Python ends.
        gateway = SparkContext._gateway
        SparkContext._gateway = SparkContext._jvm = None
        gateway.shutdown()
        gateway.proc.stdin.close()
        gateway.proc.wait(timeout=60)


def read(session: SparkSession, frame: pl.DataFrame, directory: Path) -> DataFrame:
    """Return a Polars frame as a frame of Spark, of two files where it has two rows.

    By way of Parquet: each file is read by an executor of its own. Rows that come from Python
    would be made by Python processes on the executors, or computed on by the driver alone.
    """
    directory.mkdir(parents=True)
    cut = frame.height // WORKERS
    for number, part in enumerate([frame[:cut], frame[cut:]] if cut else [frame]):
        part.write_parquet(directory / f"{number}.parquet")
    return session.read.parquet(str(directory))


def processes(frame: DataFrame) -> set[int]:
    """Return the processes that compute the rows of a frame."""
    pid = "java_method('java.lang.ProcessHandle', 'current')"
    return {int(row[0]) for row in frame.selectExpr(pid).collect()}


def assert_native(frame: DataFrame) -> None:
    """Assert that Spark computes a frame alone: no row of it ever passes through Python."""
    plan = frame._jdf.queryExecution().executedPlan().toString()
    foreign = sorted(set(filter(_FOREIGN.search, _STEP.findall(plan))))
    assert not foreign, f"the plan leaves Spark, by {', '.join(foreign)}:\n{plan}"
