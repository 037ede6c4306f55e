"""Recorded cassettes: what is wrong with them (`check`), how they get clean (`scrub`), whether they hold (`verify`).

Cassettes are vcrpy's files, YAML or JSON; recording happens in the mock (`serve --record`). Reading YAML needs the
extra `hokusai-testkit[recording]`.
"""
