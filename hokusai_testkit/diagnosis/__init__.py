"""The doctor: what is wrong between this machine and the platform, and what to do about it.

`probes/` look and report observations, `grading` says what each observation is worth, `verdict` names the incident by
the signatures of the scenario files, `report` writes it down, `main` is the command line. Standard library and the
kit's own data only, so that `python -m hokusai_testkit.diagnosis` works where click and Flask are not installed.
"""
