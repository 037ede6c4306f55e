"""Reading cassettes, and putting texts back without touching anything else."""

from __future__ import annotations

import json

import pytest

from hokusai_testkit.cassettes.file import CassetteError, UnsafeTagError, read


def test_yaml_is_read_part_by_part(old):
    cassette = read(old)
    (one,) = cassette.interactions
    assert (one.number, one.method, one.status, one.body) == (1, "GET", 200, None)
    assert one.header("authorization").value.startswith("Bearer hk_live_")
    assert json.loads(one.answer.value)["experiment"]["name"] == "a"
    assert cassette.render() == old.read_text("utf-8")


def test_a_text_is_put_back_where_it_stood(old):
    cassette = read(old)
    cassette.interactions[0].header("authorization").part.put("Bearer x")
    cassette.interactions[0].answer.put('{"a": "\u20ac\\n"}')
    before, after = old.read_text("utf-8").splitlines(), cassette.render().splitlines()
    assert after[0] == before[0] == "# recorded by hand; keep this comment"
    old.write_text(cassette.render(), "utf-8")
    again = read(old).interactions[0]
    assert again.header("Authorization").value == "Bearer x"
    assert again.answer.value == '{"a": "\u20ac\\n"}'
    assert again.header("content-type", of_answer=True).value == "application/json"


def test_binary_bodies_are_bytes_and_stay_binary(old):
    cassette = read(old)
    cassette.interactions[0].answer.put(b"\xff\x00\x01")
    old.write_text(cassette.render(), "utf-8")
    assert read(old).interactions[0].answer.value == b"\xff\x00\x01"


@pytest.mark.parametrize("body", [{"string": "{}"}, {"base64_string": "e30="}])
def test_json_is_read_and_written_as_vcrpy_does(tmp_path, body):
    path = tmp_path / "one.json"
    content = {
        "version": 1,
        "interactions": [
            {
                "request": {"method": "GET", "uri": "http://h/x", "body": None, "headers": {"A": ["1", "2"]}},
                "response": {"status": {"code": 200, "message": "OK"}, "headers": {}, "body": body},
            }
        ],
    }
    path.write_text(json.dumps(content), "utf-8")
    cassette = read(path)
    assert cassette.render() == path.read_text("utf-8")
    assert [header.value for header in cassette.interactions[0].headers] == ["1", "2"]
    assert cassette.interactions[0].answer.value in ("{}", b"{}")
    cassette.interactions[0].answer.put("[1]")
    path.write_text(cassette.render(), "utf-8")
    assert read(path).interactions[0].answer.value in ("[1]", b"[1]")


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "it is empty"),
        ("a: [", "it is no YAML"),
        ("{", "it is no JSON"),
        ("a: 1", "no list `interactions`"),
        ("interactions: [1]", "interaction 1 is not in vcrpy's format"),
        ("interactions: [{request: {uri: a}}]", "interaction 1 is not in vcrpy's format"),
        ("interactions: &a [*a]", "refers to itself"),
    ],
)
def test_what_is_no_cassette_is_refused_and_says_why(old, text, says):
    old.write_text(text, "utf-8")
    with pytest.raises(CassetteError, match=says.replace("[", r"\[")):
        read(old)


@pytest.mark.parametrize("tag", ["!!python/object/apply:os.system", "!!python/name:os.system", "!evil"])
def test_a_tag_that_makes_an_object_is_refused_and_nothing_is_run(old, tag):
    old.write_text(f"interactions: []\nx: {tag} [touch]\n", "utf-8")
    with pytest.raises(UnsafeTagError, match="line 2"):
        read(old)
