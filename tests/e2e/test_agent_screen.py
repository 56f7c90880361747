"""The code of docs/guides/agent-screen.md, run against the stack: all of its blocks, in their order."""

import json
import subprocess
from pathlib import Path
from typing import Any

from tests.e2e.clone import blocks
from tests.e2e.stack import ROOT, Stack

PAGE = (ROOT / "docs" / "guides" / "agent-screen.md").read_text(encoding="utf-8")
SCENE = """
const until = async (holds) => {
  for (const end = Date.now() + 20_000; !holds(); ) {
    if (Date.now() > end) throw new Error(`not in time: ${holds}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
};
const customer = async (method, path, body) => {
  const headers = { Authorization: `Bearer ${CUSTOMER}`, "Content-Type": "application/json" };
  const answer = await fetch(REST_URL + path, { method, headers, body: body && JSON.stringify(body) });
  return answer.json();
};

await connect();
await readQueue({ requester: CUSTOMER_ID });
const before = [...tickets.keys()];
const asked = await customer("POST", "/support/tickets", { subject: "Lost", description: "Where is it?" });
await until(() => tickets.has(asked.id));
const { notes, history, replies } = await openTicket(asked.id);
const taker = await take(asked.id);
await customer("POST", `/conversations/${asked.id}/messages`, { text: "Hello?" });
await until(() => screen.messages.some((one) => one.text === "Hello?"));
await reply(asked.id, replies.find((one) => one.title === TITLE).filled);
await addNote(asked.id, "A window seat.");
tickets.set(asked.id, { ...tickets.get(asked.id), version: 1 });
const stale = await change(asked.id, { priority: "high" });
await change(asked.id, { status: "resolved" });
await customer("POST", `/support/tickets/${asked.id}/rating`, { rating: 5 });
await until(() => tickets.get(asked.id).rating === 5);
socket.close();
const missed = await customer("POST", "/support/tickets", { subject: "Another", description: "And this one." });
await comeBack({ requester: CUSTOMER_ID, status: "open,in_progress,resolved" });
const again = await openTicket(asked.id);
console.log(JSON.stringify({
  before, taker, me, stale, history: history.map((one) => one.event), first: notes.length,
  notes: again.notes.map((one) => one.text), missed: tickets.has(missed.id), rated: tickets.get(asked.id).rating,
  texts: screen.messages.filter((one) => one.kind === "text").map((one) => [one.from, one.text]),
  counts: "open" in (await readCounts()), refused: await take(TAKEN),
}));
socket.close();
"""


def test_the_screen_works_as_the_guide_builds_it(stack: Stack, tmp_path: Path) -> None:
    alice, agnes, bert = stack.person("alice"), stack.person("agnes", role="agent"), stack.person("bert", role="agent")
    ada = stack.person("ada", role="support_admin")
    first = alice.post("/support/tickets", subject="Old", description="From before.")["id"]
    bert.post(f"/support/tickets/{first}/take")
    title = f"Welcome of {agnes.user_id}"
    ada.post("/support/canned-replies", title=title, text="Hello {{requester.name}}, we look for it.")
    names = {
        "REST_URL": stack.rest_url,
        "WEBSOCKET_URL": stack.websocket_url,
        "token": agnes.token,
        "CUSTOMER": alice.token,
        "CUSTOMER_ID": alice.user_id,
        "TAKEN": first,
        "TITLE": title,
    }
    code = [block for language, block in blocks(PAGE) if language == "js"]

    said = screen(tmp_path, [*(f"const {name} = {json.dumps(value)};" for name, value in names.items()), *code, SCENE])

    assert said["before"] == [first]
    assert said["taker"] == said["me"] == agnes.user_id
    assert said["refused"] == bert.user_id
    assert (said["stale"], said["history"], said["first"]) == ("ticket_changed", ["created"], 0)
    assert said["texts"] == [
        ["requester", "Where is it?"],
        ["requester", "Hello?"],
        ["support", "Hello Alice, we look for it."],
    ]
    assert said["notes"] == ["A window seat."]
    assert (said["missed"], said["rated"], said["counts"]) == (True, 5, True)


def screen(folder: Path, code: list[str]) -> Any:
    """Returns what the last line of a script says, in Node as a browser would run it."""
    (folder / "screen.mjs").write_text("\n".join(code), encoding="utf-8")
    command = ["node", "--experimental-websocket", "--no-warnings", str(folder / "screen.mjs")]
    done = subprocess.run(command, capture_output=True, text=True, timeout=90)
    assert done.returncode == 0, done.stdout + done.stderr
    return json.loads(done.stdout.splitlines()[-1])
