"""Generated names, in the form `adjective-noun-number` that MLflow gives to what nobody named."""

from __future__ import annotations

from hokusai_mock.clock import IdSource

__all__ = ["generated_name"]


def _words(text: str) -> tuple[str, ...]:
    return tuple(text.split())


_ADJECTIVES = _words(
    "able amused bold brave calm charming clean clever crisp dapper eager fearless funny gentle glad grand happy "
    "honest kind lively lucky merry mild neat nimble noble placid polite proud quick quiet rare sincere smooth "
    "stately sunny tidy upbeat vivid wise"
)
_NOUNS = _words(
    "ant ape asp auk bass bat bear bee bird boar bug calf carp cat cod colt cow crab crane croc crow cub deer doe dog "
    "dolphin dove duck eel elk fawn fish fly fowl fox frog gnat goat goose grouse gull hare hawk hen hog horse hound "
    "jay kit kite koi lamb lark loon lynx mare midge mink mole moose moth mouse mule newt owl ox panda penguin perch "
    "pig pug quail ram rat ray robin roo rook seal shad shark sheep shoat shrew shrike shrimp skink skunk sloth slug "
    "smelt snail snake snipe sow sponge squid squirrel stag steed stoat stork swan tern toad trout turtle vole wasp "
    "whale wolf worm wren yak zebra"
)


def generated_name(ids: IdSource) -> str:
    """A name such as `brave-lark-417`, drawn from the world's own chance."""
    return f"{ids.choice(_ADJECTIVES)}-{ids.choice(_NOUNS)}-{ids.integer(1000)}"
