"""The rules file: what Prometheus would make of it, and that every alarm has its page in the runbook."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest
import yaml

from tribune.settings import ChainSettings, Settings, TelemetrySettings
from tribune.telemetry.alerts import alerts, rules_file
from tribune.telemetry.catalogue import METRICS

RUNBOOK = Path(__file__).parents[3] / "docs" / "runbook.md"
NAMES = re.compile(r"\btribune_[a-z_]+")


def test_rules_file__parsed__the_rules_and_nothing_else() -> None:
    read = yaml.safe_load(rules_file(Settings()))
    (group,) = read["groups"]
    found = [(rule["alert"], rule["expr"], rule["for"]) for rule in group["rules"]]
    assert found == [(alert.name, alert.when, alert.lasts) for alert in alerts(Settings())]
    assert {rule["labels"]["severity"] for rule in group["rules"]} == {"critical", "warning"}


def test_alerts__every_expression__names_metrics_and_labels_that_there_are() -> None:
    for alert in alerts(Settings()):
        names = NAMES.findall(alert.when)
        assert names
        labels = set().union(*(METRICS[name].labels for name in names))
        asked = re.findall(r"(\w+)=", alert.when) + re.findall(r"\$labels\.(\w+)", alert.summary)
        assert set(asked) <= labels | {"instance"}


def test_alerts__other_settings__other_thresholds() -> None:
    settings = Settings(
        telemetry=TelemetrySettings(low_balance=1.5, least_agreement=0.75, most_skew_s=7),
        chain=ChainSettings(finality_blocks=30),
    )
    when = {alert.name: alert.when for alert in alerts(settings)}
    assert when["TribuneLowBalance"].endswith("< 1.5")
    assert when["TribuneDisagreement"].endswith("< 0.75")
    assert when["TribuneClockSkew"].endswith("> 7")
    assert when["TribuneIndexBehind"].endswith("> 80")


def test_runbook__its_headings__are_the_alarms() -> None:
    text = RUNBOOK.read_text("utf-8")
    sections = dict(re.findall(r"^### (\w+)\n(.*?)(?=^### |\Z)", text, re.MULTILINE | re.DOTALL))
    assert list(sections) == [alert.name for alert in alerts(Settings())]
    assert all("**Do:**" in section for section in sections.values())


def test_rules_file__checked_by_promtool__no_fault(tmp_path: Path) -> None:
    promtool = shutil.which("promtool")
    if promtool is None:
        pytest.skip("promtool (Debian's package prometheus) is not installed")
    file = tmp_path / "alerts.yml"
    file.write_text(rules_file(Settings()), "utf-8")
    done = subprocess.run([promtool, "check", "rules", file], capture_output=True, text=True, timeout=30)
    assert done.returncode == 0, done.stdout + done.stderr
