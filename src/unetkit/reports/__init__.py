"""Pages and plots for people, from the plain files of a run; no torch, no matplotlib, no network."""

from unetkit.reports.report import write_report as write_report
