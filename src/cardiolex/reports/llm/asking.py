"""Questions answered once: from the journal, from a request already under way, or by asking."""

import asyncio
from collections import Counter
from collections.abc import Mapping, Sequence

from cardiolex.reports.llm.answers import A, Answer, read_answer
from cardiolex.reports.llm.chat import Chat, Reply
from cardiolex.reports.llm.failures import (
    CutOff,
    Malformed,
    NoAnswer,
    NotAccepted,
    Refused,
    Unanswered,
)
from cardiolex.reports.llm.journal import Entry, Journal, Question, Status
from cardiolex.reports.llm.prompt import Prompt

ASKED_AT_MOST = 3  # times, while the answers are malformed

_AGAIN = (
    "That was not an answer of the demanded form ({reason}). "
    "Answer the first message again: only the JSON object, complete, nothing before or after it."
)


class Asker:
    """Asks a model through a journal. `counts` has (step, outcome) -> number.

    Outcomes: "answered", "refused", "malformed", "not accepted", "unanswered"; and how they came:
    "from journal", "shared" (an equal question was under way), "asked" (answers received).
    `ask_again` asks once more what an earlier run left refused or malformed.
    """

    def __init__(self, chat: Chat, journal: Journal, *, ask_again: bool = False) -> None:
        self.chat = chat
        self.journal = journal
        self.ask_again = ask_again
        self.counts: Counter[tuple[str, str]] = Counter()
        self._under_way: dict[str, asyncio.Task[Answer]] = {}

    @property
    def model(self) -> str:
        """The model's name as answers are kept under; sampling is part of it."""
        return identity(self.chat.endpoint.model, self.chat.endpoint.temperature)

    async def ask(self, prompt: Prompt[A], data: Mapping[str, object], text: str) -> A:
        """The valid answer to a prompt about `data`; `text` identifies the data in the journal.

        Raises NoAnswer (counted) if there is none to be had, Unreachable if there is no server.
        """
        question = Question(self.model, prompt.step, prompt.version, text)
        task = self._under_way.get(question.key)
        if task is not None:
            self.counts[prompt.step, "shared"] += 1
        else:
            task = asyncio.create_task(self._settle(prompt, data, question))
            self._under_way[question.key] = task
            task.add_done_callback(lambda done: self._forget(question, done))
        answer = await asyncio.shield(task)
        return prompt.form.model_validate(answer)

    def _forget(self, question: Question, done: asyncio.Task[Answer]) -> None:
        self._under_way.pop(question.key, None)
        if not done.cancelled():
            done.exception()  # seen, should nobody wait for it any more

    async def _settle(self, prompt: Prompt[A], data: Mapping[str, object], question: Question) -> A:
        earlier = self.journal.entries(question)
        settled = outcome(earlier)
        if self.ask_again and settled != "answered":
            earlier, settled = [], None
        if settled is not None:
            self.counts[prompt.step, "from journal"] += 1
            self.counts[prompt.step, settled] += 1
            if settled != "answered":
                raise NoAnswer(settled)
            valid = next(entry for entry in reversed(earlier) if entry.status == "valid")
            return read_answer(valid.content, prompt.form)
        try:
            return await self._ask(prompt, data, question, earlier)
        except Unanswered as error:
            self.counts[prompt.step, "unanswered"] += 1
            raise NoAnswer("unanswered") from error

    async def _ask(
        self,
        prompt: Prompt[A],
        data: Mapping[str, object],
        question: Question,
        earlier: Sequence[Entry],
    ) -> A:
        tokens = self.chat.endpoint.max_tokens
        again = _follow_up(earlier[-1].content, "it could not be read") if earlier else []
        entries = list(earlier)
        while True:
            messages = [*prompt.messages(data), *again]
            entry, answer, reason = await self._request(messages, prompt.form, tokens)
            self.journal.add(question, entry)
            self.counts[prompt.step, "asked"] += 1
            entries.append(entry)
            settled = "not accepted" if entry.status == "not accepted" else outcome(entries)
            if settled is not None:
                self.counts[prompt.step, settled] += 1
            if answer is not None:
                return answer
            if settled is not None:
                raise NoAnswer(settled)
            again = _follow_up(entry.content, reason)
            tokens = tokens * 2 if entry.finish == "length" else tokens

    async def _request(
        self, messages: Sequence[Mapping[str, str]], form: type[A], tokens: int
    ) -> tuple[Entry, A | None, str]:
        try:
            reply = await self.chat.complete(messages, form, tokens)
        except NotAccepted as error:
            status: Status = "refused" if error.filtered else "not accepted"
            return Entry(status, str(error)), None, str(error)
        try:
            return _entry("valid", reply), _read(reply, form), ""
        except Refused as error:
            return _entry("refused", reply), None, str(error)
        except Malformed as error:
            return _entry("malformed", reply), None, str(error)


def identity(model: str, temperature: float) -> str:
    """Name of a model and how it is sampled."""
    return model if temperature == 0 else f"{model} at temperature {temperature:g}"


def outcome(entries: Sequence[Entry]) -> str | None:
    """What is settled by the answers so far, or None if the question is to be asked (again).

    That a server did not accept a request settles nothing for later: another configuration may.
    """
    answers = [entry.status for entry in entries if entry.status != "not accepted"]
    if not answers:
        return None
    if answers[-1] == "malformed":
        return "malformed" if len(answers) >= ASKED_AT_MOST else None
    return "answered" if answers[-1] == "valid" else answers[-1]


def _read(reply: Reply, form: type[A]) -> A:
    if reply.refusal or reply.finish == "content_filter":
        raise Refused(reply.refusal)
    if reply.finish == "length":
        raise CutOff("cut off at the limit of tokens")
    return read_answer(reply.content, form)


def _entry(status: Status, reply: Reply) -> Entry:
    content = reply.content or reply.refusal
    return Entry(status, content, reply.finish, reply.prompt_tokens, reply.completion_tokens)


def _follow_up(bad: str, reason: str) -> list[dict[str, str]]:
    return [
        {"role": "assistant", "content": bad[:2000] or "(nothing)"},
        {"role": "user", "content": _AGAIN.format(reason=reason)},
    ]
