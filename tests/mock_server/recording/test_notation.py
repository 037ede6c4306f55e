"""YAML that is written without a YAML library is read by one as it was meant."""

from __future__ import annotations

import yaml
from hypothesis import given
from hypothesis import strategies as st

from hokusai_mock.recording.notation import body, items, quoted


@given(st.text(alphabet=st.characters(exclude_categories=["Cs"])))
def test_any_text_is_read_back(text):
    assert yaml.safe_load(f"key: {quoted(text)}") == {"key": text}


@given(st.binary())
def test_any_body_is_read_back(data):
    read = yaml.safe_load(f"key: {body(data)}")["key"]
    assert (read.encode() if isinstance(read, str) else read) == data


@given(
    st.dictionaries(st.text(alphabet="abcXYZ-_:# ", min_size=1), st.lists(st.text(alphabet="ab:-#\n\"'")), min_size=1)
)
def test_a_mapping_of_lists_is_read_back(values):
    text = "\n".join(items("  ", values))
    assert yaml.safe_load(text) == values
