"""Policies: who may open a conversation with whom, as the shipped files say, and what a mistake in a file is told."""

import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from parley.adapters.people import policies
from parley.domain.api.errors import Field, Forbidden, Invalid, NotFound, Refusal
from parley.domain.api.identity import is_user_id
from parley.domain.api.types import Context
from parley.domain.people.policy import Party, Policy
from parley.domain.people.policy_file import PolicyError, load

DEFAULT = policies.named("default")
SCHOOL = policies.named("school")


def party(role: str, *held: str, user_id: str = "") -> Party:
    """Returns a person of `role` who holds `class:7b` and the like."""
    contexts: dict[str, tuple[str, ...]] = {}
    for one in held:
        context_type, _, context_id = one.partition(":")
        contexts[context_type] = (*contexts.get(context_type, ()), context_id)
    return Party(user_id or f"{role}-1", role, contexts)


def other(role: str, *held: str) -> Party:
    return party(role, *held, user_id=f"{role}-2")


# A row says with whom that role may open a conversation.
SCHOOL_MATRIX = {
    "admin": {"admin": True, "teacher": True, "parent": True, "student": True, "stranger": True},
    "teacher": {"admin": True, "teacher": False, "parent": True, "student": True, "stranger": False},
    "parent": {"admin": True, "teacher": True, "parent": False, "student": False, "stranger": False},
    "student": {"admin": True, "teacher": True, "parent": False, "student": False, "stranger": False},
    "stranger": {"admin": False, "teacher": False, "parent": False, "student": False, "stranger": False},
}


@pytest.mark.parametrize(
    ("caller", "reached", "allowed"),
    [(caller, reached, allowed) for caller, row in SCHOOL_MATRIX.items() for reached, allowed in row.items()],
)
def test_school_opens_by_the_matrix_of_roles(caller: str, reached: str, allowed: bool) -> None:
    decision = SCHOOL.decide(party(caller), other(reached), None)

    assert decision.code == ("allowed" if allowed else "role_not_allowed")
    assert decision.rule.startswith(f"school.toml [general] may_open {caller} → ")


DEFAULT_PAIRS = {
    "class": {("teacher", "student"), ("student", "teacher")},
    "block": {("creator", "player"), ("player", "creator")},
    "pattern": {("customer", "creator"), ("creator", "customer")},
}
ROLES = ["teacher", "student", "creator", "player", "customer", "user"]


@pytest.mark.parametrize("reached", ROLES)
@pytest.mark.parametrize("caller", ROLES)
@pytest.mark.parametrize("context_type", DEFAULT_PAIRS)
def test_context_conversations_open_between_two_roles_that_share(context_type: str, caller: str, reached: str) -> None:
    context, key = Context(context_type, "7b"), f"{context_type}:7b"

    decision = DEFAULT.decide(party(caller, key), other(reached, key), context)

    assert decision.allowed == ((caller, reached) in DEFAULT_PAIRS[context_type])


@pytest.mark.parametrize("reached", ROLES)
@pytest.mark.parametrize("caller", ROLES)
def test_general_and_booking_open_between_any(caller: str, reached: str) -> None:
    booking = Context("booking", "b-1")

    assert DEFAULT.decide(party(caller), other(reached), None).allowed
    assert DEFAULT.decide(party(caller, "booking:b-1"), other(reached, "booking:b-1"), booking).allowed


@pytest.mark.parametrize(
    ("caller_holds", "other_holds", "allowed"),
    [
        (["class:7b"], ["class:7b"], True),
        (["class:7a", "class:7b"], ["class:7b", "class:8a"], True),
        (["class:7b"], ["class:7a"], False),
        (["class:7b"], [], False),
        ([], ["class:7b"], False),
        ([], [], False),
        (["block:7b"], ["block:7b"], False),
    ],
)
def test_both_sides_must_hold_the_class(caller_holds: list[str], other_holds: list[str], allowed: bool) -> None:
    decision = DEFAULT.decide(party("teacher", *caller_holds), other("student", *other_holds), Context("class", "7b"))

    assert decision.code == ("allowed" if allowed else "context_not_shared")
    assert allowed or decision.rule == "default.toml [class] must_share *"


@given(st.data())
@pytest.mark.parametrize("policy", [DEFAULT, SCHOOL], ids=["default", "school"])
def test_who_may_open_anything_may_open_something_and_nobody_else(policy: Policy, data: st.DataObject) -> None:
    held = st.dictionaries(
        st.sampled_from(sorted(policy.rules)), st.lists(st.sampled_from("xyz"), max_size=2).map(tuple), max_size=3
    )
    roles = st.sampled_from([*ROLES, "admin", "parent"])
    one, another = (Party(user_id, data.draw(roles), data.draw(held)) for user_id in ("one", "another"))

    abouts = [None, *(Context(kind, about) for kind in policy.rules for about in (None, "x", "y", "z", "unheard"))]
    openable = [about for about in abouts if policy.decide(one, another, about).allowed]

    assert policy.may_open_anything(one, another) == bool(openable)


@given(st.data())
@pytest.mark.parametrize("policy", [DEFAULT, SCHOOL], ids=["default", "school"])
def test_reach_holds_everybody_with_whom_one_may_open_anything(policy: Policy, data: st.DataObject) -> None:
    held = st.dictionaries(
        st.sampled_from(sorted(policy.rules)), st.lists(st.sampled_from("xyz"), max_size=2).map(tuple), max_size=3
    )
    roles = st.sampled_from([*ROLES, "admin", "parent"])
    one, another = (Party(user_id, data.draw(roles), data.draw(held)) for user_id in ("one", "another"))
    reach = policy.reach_of(one)

    reached = bool(reach.roles(another.role))

    assert reached or not policy.may_open_anything(one, another)
    assert policy.may_open_anything(one, another) or not (reached and reach.is_free(another.role))


CLASSES_ONLY = """
roles = ["teacher", "student"]
[class]
context_id = "required"
may_open = { teacher = ["student"], student = ["teacher"] }
must_share = ["*"]
unknown_users = false
"""


def test_reach_tells_who_is_reached_by_sharing_only() -> None:
    classes = load(CLASSES_ONLY, "classes.toml")

    teacher, idle = classes.reach_of(party("teacher", "class:7b")), classes.reach_of(party("teacher"))

    assert (teacher.roles(), teacher.is_everyone, teacher.is_free()) == (["student"], False, False)
    assert idle.roles() == []
    assert (SCHOOL.reach_of(party("student")).roles(), SCHOOL.reach_of(party("student")).is_free()) == (
        ["admin", "teacher"], True
    )  # fmt: skip
    assert DEFAULT.reach_of(party("player")).is_everyone and DEFAULT.reach_of(party("player")).is_free("unheard")


def test_nobody_may_open_anything_with_themselves() -> None:
    assert not DEFAULT.may_open_anything(party("teacher"), party("teacher"))


def test_teacher_reaches_the_parents_of_a_class_in_school_only() -> None:
    teacher, parent, context = party("teacher", "class:7b"), other("parent", "class:7b"), Context("class", "7b")

    assert SCHOOL.decide(teacher, parent, context).allowed
    assert not DEFAULT.decide(teacher, parent, context).allowed


def test_rule_of_a_permission_can_be_found_in_the_file() -> None:
    decision = DEFAULT.decide(party("teacher", "class:7b"), other("student", "class:7b"), Context("class", "7b"))

    assert decision.rule == "default.toml [class] may_open teacher → student"


ASK_BEFORE_BUYING = """
roles = ["creator", "customer"]
[pattern]
context_id = "required"
may_open = { "*" = ["creator"], creator = ["customer"] }
must_share = ["creator"]
unknown_users = false
"""


def test_only_the_roles_of_must_share_need_to_hold_the_context() -> None:
    policy, pattern = load(ASK_BEFORE_BUYING, "shop.toml"), Context("pattern", "p1")

    assert policy.decide(party("customer"), other("creator", "pattern:p1"), pattern).allowed
    assert policy.decide(party("customer"), other("creator"), pattern).code == "context_not_shared"
    assert policy.decide(party("visitor"), other("creator", "pattern:p1"), pattern).allowed


def test_own_row_and_everyones_row_add_up() -> None:
    policy, pattern = load(ASK_BEFORE_BUYING, "shop.toml"), Context("pattern", "p1")
    decision = policy.decide(party("creator", "pattern:p1"), other("creator", "pattern:p1"), pattern)

    assert decision.allowed
    assert decision.rule == "shop.toml [pattern] may_open creator → customer, creator"


REFUSALS: dict[str, tuple[Policy, Party, Party | None, Context | None, str, type[Refusal], str | None]] = {
    "oneself": (DEFAULT, party("user"), party("user"), None, "self_conversation", Invalid, "/user_id"),
    "type": (
        DEFAULT,
        party("user"),
        other("user"),
        Context("x", "1"),
        "unknown_context_type",
        Invalid,
        "/context/type",
    ),
    "id forbidden": (
        DEFAULT,
        party("user"),
        other("user"),
        Context("general", "1"),
        "context_id_forbidden",
        Invalid,
        "/context/id",
    ),
    "unknown user": (
        DEFAULT,
        party("teacher", "class:1"),
        None,
        Context("class", "1"),
        "unknown_user",
        NotFound,
        "/user_id",
    ),
    "unknown user, school": (SCHOOL, party("admin"), None, None, "unknown_user", NotFound, "/user_id"),
    "caller's role": (
        DEFAULT,
        party("user"),
        other("user"),
        Context("class", "1"),
        "role_not_allowed",
        Forbidden,
        None,
    ),
    "other's role": (
        DEFAULT,
        party("teacher", "class:1"),
        other("user"),
        Context("class", "1"),
        "role_not_allowed",
        Forbidden,
        None,
    ),
    "not shared": (
        DEFAULT,
        party("teacher"),
        other("student"),
        Context("class", "1"),
        "context_not_shared",
        Forbidden,
        None,
    ),
}


@pytest.mark.parametrize(
    ("policy", "caller", "reached", "context", "code", "error", "pointer"), REFUSALS.values(), ids=REFUSALS.keys()
)
def test_each_no_becomes_the_refusal_that_fits(
    policy: Policy,
    caller: Party,
    reached: Party | None,
    context: Context | None,
    code: str,
    error: type[Refusal],
    pointer: str | None,
) -> None:
    decision = policy.decide(caller, reached, context)

    with pytest.raises(error) as refused:
        decision.require("/data")

    assert (refused.value.code, type(refused.value)) == (code, error)
    assert [field.pointer for field in refused.value.fields] == ([] if pointer is None else [f"/data{pointer}"])
    assert refused.value.rule == decision.rule
    assert refused.value.detail.endswith(".")


class Wanted:
    """A context as a client may send it, without an id."""

    def __init__(self, context_type: str) -> None:
        self.type, self.id = context_type, None


def test_context_without_its_id_is_asked_for_it() -> None:
    with pytest.raises(Invalid) as refused:
        DEFAULT.decide(party("teacher"), other("student"), Wanted("class")).require()

    assert refused.value.fields == (Field("/context/id", "required"),)


def test_general_by_name_is_no_context() -> None:
    assert DEFAULT.decide(party("user"), other("user"), Wanted("general")).allowed


def test_somebody_unknown_can_be_written_to_where_anyone_can() -> None:
    assert DEFAULT.decide(party("user"), None, None).allowed


def test_permission_raises_nothing() -> None:
    DEFAULT.decide(party("user"), other("user"), None).require()


@pytest.mark.parametrize(
    ("caller", "code"),
    [(party("user", "class:1"), "role_not_allowed"), (party("teacher"), "context_not_shared")],
    ids=["role reaches nobody", "context not held"],
)
def test_who_could_reach_nobody_does_not_learn_who_exists(caller: Party, code: str) -> None:
    context = Context("class", "1")

    unknown, known = DEFAULT.decide(caller, None, context), DEFAULT.decide(caller, other("student", "class:1"), context)

    assert unknown == known
    assert unknown.code == code


GOOD = """roles = ["teacher", "student"]
[class]
context_id = "required"
must_share = ["*"]
unknown_users = false
[class.may_open]
teacher = ["student"]
student = ["teacher"]
"""
MISTAKES = {
    "syntax": ("teacher = [", "teacher = [[", "x.toml:8: "),
    "bare star": ("teacher = [", "* = [", "x.toml:7: "),
    "twice the same table": ("[class.may_open]", "[class]", "x.toml:6: "),
    "unknown key": (
        "must_share",
        "must_shaer",
        "x.toml:4: [class] has an unknown key `must_shaer`; did you mean `must_share`?",
    ),
    "missing key": ('must_share = ["*"]\n', "", "x.toml:2: [class] says nothing about `must_share`"),
    "context id": ('"required"', '"needed"', 'x.toml:3: [class] context_id must be "required" or "forbidden"'),
    "context id's type": ('"required"', "true", 'x.toml:3: [class] context_id must be "required" or "forbidden"'),
    "must_share's type": ('["*"]', '"*"', 'x.toml:4: [class] must_share must be a list of roles, ["…"]'),
    "unknown_users' type": ("= false", '= "no"', "x.toml:5: [class] unknown_users must be true or false"),
    "number as role": ('= ["student"]', "= [7]", "x.toml:7: [class] may_open teacher holds 7, which is no role"),
    "text for list": (
        '= ["student"]',
        '= "student"',
        'x.toml:7: [class] may_open teacher must be a list of roles, ["…"]',
    ),
    "empty role": ('= ["student"]', '= [""]', "x.toml:7: a role is empty"),
    "role of spaces": ('= ["student"]', '= ["  "]', "x.toml:7: a role is empty"),
    "no roles": ('= ["student"]', "= []", "x.toml:7: [class] may_open teacher → nobody: leave the role out"),
    "misspelt role": (
        '= ["student"]',
        '= ["studnet"]',
        'x.toml:7: "studnet" is not among `roles`; did you mean `student`?',
    ),
    "misspelt opener": (
        "student = [",
        "studnet = [",
        'x.toml:8: "studnet" is not among `roles`; did you mean `student`?',
    ),
    "misspelt sharer": ('["*"]', '["teachr"]', 'x.toml:4: "teachr" is not among `roles`; did you mean `teacher`?'),
    "misspelt star": ('["*"]', '["all"]', 'x.toml:4: "all" is no role; everyone is "*"'),
    "two stars": ('["*"]', '["**"]', 'x.toml:4: "**" is no role; everyone is "*"'),
    "star and role": (
        '["*"]',
        '["*", "student"]',
        'x.toml:4: [class] must_share: "*" is everyone, the other roles say nothing',
    ),
    "role twice": (
        '= ["student"]',
        '= ["student", "student"]',
        'x.toml:7: [class] may_open teacher names "student" twice',
    ),
    "impossible role": ('["teacher", "student"]', '["teacher", "a b"]', 'x.toml:1: "a b" cannot be a role: '),
    "roles' type": ('["teacher", "student"]', '"teacher"', 'x.toml:1: roles must be a list of roles, ["…"]'),
    "roles missing": ('roles = ["teacher", "student"]', "", "x.toml:1: roles must be a list of roles"),
    "stray key": ('"student"]\n[', '"student"]\nfoo = 1\n[', "x.toml:2: `foo` must be a table, [foo], or `roles`"),
    "context type": ("class", "Class", "x.toml:2: [Class]: a context type is lower case"),
    "nobody opens": (
        'teacher = ["student"]\nstudent = ["teacher"]\n',
        "",
        "x.toml:6: [class] may_open lets nobody open",
    ),
    "general with an id": ("class", "general", 'x.toml:3: [general] is about nothing: context_id must be "forbidden"'),
    "nothing to share": ("required", "forbidden", "x.toml:4: [class] has no context id that must_share could ask for"),
    "unknown, but sharing": ("= false", "= true", "x.toml:5: [class] unknown_users: nobody knows what they share"),
    "unknown, but of a role": (
        '["*"]\nunknown_users = false',
        "[]\nunknown_users = true",
        "x.toml:5: [class] unknown_users have no role, and ",
    ),
}


@pytest.mark.parametrize(("before", "after", "message"), MISTAKES.values(), ids=MISTAKES.keys())
def test_mistake_is_refused_with_its_line(before: str, after: str, message: str) -> None:
    assert before in GOOD

    with pytest.raises(PolicyError) as refused:
        load(GOOD.replace(before, after), "x.toml")

    assert str(refused.value).startswith(message)


def test_policy_without_a_mistake_is_read() -> None:
    assert load(GOOD, "x.toml").rules["class"].may_open == {"teacher": ("student",), "student": ("teacher",)}


@pytest.mark.parametrize("text", ["", "# nothing\n", "roles = []\n"], ids=["empty", "comment", "roles only"])
def test_policy_about_nothing_is_refused(text: str) -> None:
    with pytest.raises(PolicyError, match=r"^x\.toml:1: "):
        load(text, "x.toml")


def test_mistake_inside_an_inline_table_or_a_long_list_has_its_own_line() -> None:
    inline = GOOD.replace('[class.may_open]\nteacher = ["student"]\nstudent', "\n# student, teacher\nmay_open.teacher")
    long_list = GOOD.replace('["student"]', '[\n  "student",\n  "studnet",\n]')

    with pytest.raises(PolicyError, match=r"^x\.toml:8: "):
        load(inline.replace('["teacher"]', '["teechr"]'), "x.toml")
    with pytest.raises(PolicyError, match=r'^x\.toml:9: "studnet"'):
        load(long_list, "x.toml")


def test_every_shipped_policy_is_right_and_knows_general() -> None:
    shipped = policies.check_all()

    assert {policy.source for policy in shipped} >= {"default.toml", "school.toml"}
    assert all("general" in policy.rules for policy in shipped)


def test_check_finds_the_broken_file(tmp_path: Path) -> None:
    (tmp_path / "good.toml").write_text(GOOD)
    (tmp_path / "wrong.toml").write_text(GOOD.replace("student =", "pupil ="))

    with pytest.raises(PolicyError, match=r'^wrong\.toml:8: "pupil"'):
        policies.check_all(tmp_path)


def test_current_policy_is_the_one_that_the_environment_names(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("POLICY", "school")
    assert policies.current() is SCHOOL

    monkeypatch.setenv("POLICY", "")
    assert policies.current() is DEFAULT


@pytest.mark.parametrize("name", ["nosuch", "../../../etc/passwd", "Default", "default.toml", "default\n", "a/b"])
def test_policy_of_another_name_is_a_loud_mistake(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("POLICY", name)

    with pytest.raises(PolicyError, match="the policies are default, school"):
        policies.current()


@pytest.mark.parametrize(("name", "status"), [("default", 0), ("schol", 1)])
def test_policies_can_be_checked_from_the_command_line(name: str, status: int) -> None:
    layer = Path(policies.__file__).parents[3]
    checked = subprocess.run(
        [sys.executable, "-m", "parley.adapters.people.policies"],
        env={"PYTHONPATH": str(layer), "POLICY": name},
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )

    assert checked.returncode == status
    assert checked.stderr == ("" if status == 0 else "POLICY=schol: no such policy; the policies are default, school\n")


def test_who_decides_does_not_pay_for_reading_toml() -> None:
    layer = Path(policies.__file__).parents[3]
    script = "import sys, parley.domain.people.policy, parley.adapters.people.policies; print('tomllib' in sys.modules)"
    run = subprocess.run(
        [sys.executable, "-c", script],
        env={"PYTHONPATH": str(layer)},
        capture_output=True,
        text=True,
        timeout=30,
        check=True,
    )

    assert run.stdout == "False\n"


@pytest.mark.parametrize(
    ("word", "vouches"), [("", False), ('presence = "at_once"', True), ('presence = "after_answer"', False)]
)
def test_word_of_a_policy_says_when_presence_is_shown(word: str, vouches: bool) -> None:
    text = 'roles = []\n[general]\ncontext_id = "forbidden"\nmay_open = { "*" = ["*"] }\nmust_share = []\n'
    policy = load(f"{text}unknown_users = true\n{word}\n", "own.toml")

    decision = policy.decide(Party("alice", "user"), Party("bob", "user"), None)

    assert (decision.allowed, decision.vouches) == (True, vouches)


def test_word_for_presence_that_is_none_is_refused_with_its_line() -> None:
    text = 'roles = []\n[general]\ncontext_id = "forbidden"\nmay_open = { "*" = ["*"] }\nmust_share = []\n'

    with pytest.raises(PolicyError, match=r'^own\.toml:7: \[general\] presence must be "at_once" or'):
        load(f'{text}unknown_users = true\npresence = "never"\n', "own.toml")


SENDERS = """
roles = []

[general]
context_id = "forbidden"
may_open = { "*" = ["*"] }
must_share = []
unknown_users = true

[senders.bookings]
name = "Bookings"
avatar_url = "https://example.com/b.png"

[senders.shop]
name = "Shop"
"""


def test_senders_of_a_policy_have_ids_that_no_token_can_hold() -> None:
    found = load(SENDERS, "own.toml").senders

    assert {each.user_id: (each.name, each.avatar_url) for each in found.values()} == {
        "~parley.system-bookings": ("Bookings", "https://example.com/b.png"),
        "~parley.system-shop": ("Shop", None),
    }
    assert list(found) == [each.user_id for each in found.values()]
    assert not any(is_user_id(user_id) for user_id in found)


@pytest.mark.parametrize(
    "before, after, message",
    [
        ("senders.shop", "senders.Shop", "own.toml:14: [senders.Shop]: the id of a sender has a–z, 0–9, - and _"),
        ('name = "Shop"', "", "own.toml:14: [senders.shop] name must be a text of at most 200 characters"),
        ('name = "Shop"', "name = 7", "own.toml:15: [senders.shop] name must be a text"),
        ('name = "Shop"', 'name = " "', "own.toml:15: [senders.shop] name must be a text"),
        ('name = "Shop"', 'nam = "Shop"', "own.toml:15: [senders.shop] has an unknown key `nam`; did you mean `name`?"),
        (
            "https://example.com/b.png",
            "http://example.com",
            "own.toml:12: [senders.bookings] avatar_url must be an https",
        ),
        ("[senders.shop]\nname", "[senders]\nshop", "own.toml:15: `shop` must be a table, [senders.shop]"),
        ("roles = []", 'roles = []\nsenders = "x"', "own.toml:3: `senders` must hold tables"),
    ],
)
def test_mistake_in_a_sender_is_refused_with_its_line(before: str, after: str, message: str) -> None:
    text = SENDERS.replace(before, after, 1)
    if after.startswith("[senders]") or "senders =" in after:
        text = text.replace(SENDERS[SENDERS.index("[senders.bookings]") : SENDERS.index("[senders.shop]")], "\n" * 4)
        text = text if after.startswith("[senders]") else text[: text.index("[senders.shop]")]

    with pytest.raises(PolicyError) as raised:
        load(text, "own.toml")

    assert str(raised.value).startswith(message)
