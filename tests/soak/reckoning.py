"""What must be in a repository after all that was noted, and whether it is: read from the git history alone.

Every sentence has a token that was used once. So of each commit it can be said which sentences it brought and which it
took away, of each page, and whether the operation that made it meant to. From that follows what was promised: whatever
was acknowledged is in its page, or was taken away by somebody who had seen it, or came back to its author.
"""

import subprocess
from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field

from tests.repositories import Repository
from tests.soak import sentences
from tests.soak.noting import Meant, Operation
from tests.soak.planning import TAKE_BACKS

Held = Counter[tuple[str, str]]
"""How often pages, told by their mark, have a token."""


class LostError(AssertionError):
    """Something that was acknowledged is not there, or something is there that should not be."""


def _need(condition: object, problem: str) -> None:
    if not condition:
        raise LostError(problem)


@dataclass
class Reckoned:
    """What was found."""

    kinds: Counter[str] = field(default_factory=Counter)
    ends: Counter[str] = field(default_factory=Counter)
    merged: int = 0  # saves that were merged with what others had done
    killed: int = 0  # operations that a kill left without an answer
    killed_saved: int = 0  # those of them that are in the history
    repeated: int = 0  # calls that were made again after a kill, and found what they had done before
    commits: int = 0
    merges: int = 0  # commits with two parents, which somebody pushed
    late: int = 0  # answers after which the next one was of an older commit
    kept: int = 0  # tokens that were acknowledged and are in the head
    taken: int = 0  # tokens that were acknowledged and that somebody took away later
    returned: int = 0  # tokens that came back in a conflict
    doubled: int = 0  # tokens that two took back, to two places of one page
    by_hand: int = 0  # commits in the work tree that wrote over what had come between

    def __str__(self) -> str:
        ends, kinds = (
            ", ".join(f"{count:,} {what}" for what, count in sorted(counter.items()))
            for counter in (self.ends, self.kinds)
        )
        return (
            f"{sum(self.kinds.values()):,} operations ({kinds}): {ends}, {self.killed:,} killed, of which {self.killed_saved:,} are saved; "
            f"{self.merged:,} merged, {self.repeated:,} found again after a kill; {self.commits:,} commits, {self.merges:,} of them merges; "
            f"of the sentences acknowledged {self.kept:,} are there and {self.taken:,} were taken away knowingly, "
            f"{self.returned:,} others came back in conflicts; {self.late:,} not in the next answer, {self.by_hand:,} written over by hand, {self.doubled:,} taken back twice"
        )


@dataclass(frozen=True, slots=True)
class _Commit:
    """One commit, and how its files differ from those of its first parent."""

    id: str
    parents: list[str]
    summary: str
    changes: Mapping[str, tuple[str, str]]  # blobs before and after by path; empty where there is no file


class Reckoning:
    """Holds the notes against the history.

    Args:
        repository: As it is at the end.
        operations: All that were noted.
    """

    def __init__(self, repository: Repository, operations: Iterable[Operation]) -> None:
        self._git = repository
        self._operations = {operation.id: operation for operation in operations}
        self._texts: dict[str, tuple[str, list[str]]] = {"": ("", [])}  # mark and tokens by blob
        self._files: dict[str, dict[str, str]] = {}  # of each commit: blob by path
        self._place: dict[str, int] = {}  # of each commit, parents first
        self._made: dict[str, str] = {}  # commit by operation
        self._deeds: dict[
            str, tuple[set[str], set[str]]
        ] = {}  # tokens that came and went, by commit or by author
        self._taken: set[str] = set()  # tokens that some commit took away knowingly
        self._known: set[str] = set()  # tokens that were there before the commit at hand
        self._found = Reckoned()

    def check(self) -> Reckoned:
        """Check all.

        Raises:
            LostError: The first thing that is wrong.
        """
        commits = list(self._commits())
        self._read({blob for commit in commits for pair in commit.changes.values() for blob in pair})
        for commit in commits:
            self._load(commit)
            self._found.commits += 1
            if len(commit.parents) > 1:
                self._check_merge(commit)
            elif commit.parents:  # the first one was there before
                self._check_commit(commit, self._operation(commit))
        for operation in self._operations.values():
            self._found.kinds[operation.kind] += 1
            self._check_end(operation)
        self._check_head(commits[-1].id)
        return self._found

    # -- reading

    def _commits(self) -> Iterable[_Commit]:
        options = ("--root", "-r", "--diff-merges=first-parent", "--no-renames", "--raw", "--no-abbrev")
        order = ("--topo-order", "--reverse", "--format=%x01%H%x09%P%x09%s")
        said = self._git.git("-c", "core.quotePath=false", "log", *order, *options, "main")
        for part in said.split("\x01")[1:]:
            head, *lines = part.split("\n")
            name, parents, summary = head.split("\t")
            changes = {}
            for line in filter(None, lines):
                fields, path = line.split("\t")
                before, after = (blob if blob.strip("0") else "" for blob in fields.split()[2:4])
                changes[path] = (before, after)
            yield _Commit(name, parents.split(), summary, changes)

    def _read(self, blobs: Collection[str]) -> None:
        """Read texts, and see that none of them was ever published torn."""
        wanted = [blob for blob in blobs if blob]
        done = subprocess.run(
            ["git", "cat-file", "--batch"],
            cwd=self._git.path,
            input="\n".join(wanted).encode() + b"\n",
            capture_output=True,
            check=True,
        )
        at = 0
        for blob in wanted:
            end = done.stdout.index(b"\n", at)
            size = int(done.stdout[at:end].split()[2])
            text = done.stdout[end + 1 : end + 1 + size].decode()
            at = end + size + 2
            problems = sentences.problems(text)
            _need(not problems, f"in a page: {problems[:1]}\n{text}")
            self._texts[blob] = (sentences.mark(text), sentences.tokens(text))

    def _load(self, commit: _Commit) -> None:
        files = dict(self._files[commit.parents[0]]) if commit.parents else {}
        for path, (_, after) in commit.changes.items():
            if after:
                files[path] = after
            else:
                del files[path]
        self._files[commit.id] = files
        self._place[commit.id] = len(self._place)

    def _held(self, blobs: Iterable[str]) -> Held:
        return Counter(
            (mark, token) for mark, tokens in map(self._texts.__getitem__, blobs) for token in tokens
        )

    def _operation(self, commit: _Commit) -> Operation:
        name = commit.summary.removeprefix("op ")
        _need(name in self._operations, f"nobody noted commit {commit.id}: {commit.summary}")
        _need(name not in self._made, f"{name} was made twice, as {self._made.get(name)} and {commit.id}")
        self._made[name] = commit.id
        return self._operations[name]

    # -- what each commit did

    def _check_commit(self, commit: _Commit, operation: Operation) -> None:
        """All that was meant was done, to the page that was meant, and nothing else."""
        before, after = self._sides(commit)
        came, went = after - before, before - after
        told = f"{operation.kind} {operation.id} in {commit.id}"
        self._check_twice(commit, operation, told)
        if operation.kind == "commit" and self._is_by_hand(commit, operation):
            # All that they had before them comes again, and what had come between goes.
            seen = {token for each in operation.meant for token in self._texts[each.base or ""][1]}
            came = Counter({key: count for key, count in came.items() if key[1] not in seen})
            self._found.by_hand += 1
        else:
            self._check_taken(operation, went, after, told)
        self._check_brought(commit, operation, came, told)
        self._taken |= {token for _, token in went}
        self._known |= {token for _, token in came}
        self._check_deeds(commit, operation, {token for _, token in came}, {token for _, token in went}, told)

    def _sides(self, commit: _Commit) -> tuple[Held, Held]:
        """Return what the files held before and after; a page that gets its heading, or loses it, is still the same."""
        before, after = Held(), Held()
        for old, new in commit.changes.values():
            marks = [self._texts[blob][0] for blob in (old, new) if blob]
            mark = next(filter(None, marks), "") if "" in marks else None
            for blob, held in ((old, before), (new, after)):
                for own, token in self._held([blob] if blob else []).elements():
                    held[own if mark is None else mark, token] += 1
        return before, after

    def _check_twice(self, commit: _Commit, operation: Operation, told: str) -> None:
        """Nothing comes to stand in a page twice; but two may take the same sentence back to two places of it."""
        already = {
            key for old, _ in commit.changes.values() for key, count in self._held([old]).items() if count > 1
        }
        for path, (_, new) in commit.changes.items():
            doubled = {key for key, count in self._held([new]).items() if count > 1} - already
            back = operation.kind in (*TAKE_BACKS, "make again") or (
                # What somebody chose at a conflict about taking back.
                operation.kind == "resolve" and {token for _, token in doubled} <= self._known
            )
            _need(not doubled or back, f"{told} doubled {sorted(doubled)} in {path}")
            self._found.doubled += len(doubled)

    def _check_brought(self, commit: _Commit, operation: Operation, came: Held, told: str) -> None:
        adds = Counter(token for each in operation.meant for token in each.adds)
        brought = Counter(token for _, token in came.elements())
        _need(brought <= adds, f"{told} brought {sorted(brought - adds)} besides")
        left = adds - brought
        there = self._held(self._files[commit.id].values()) if left else came
        for each in operation.meant:
            for token in each.adds:
                if each.page or token in left:  # where two take the same back, one of them finds it done
                    # A page that an append has begun anew has no heading, and so no mark.
                    brought_to = there[each.page, token] or there["", token]
                    _need(brought_to, f"{told} did not bring {token} to {each.page}")

    def _check_taken(self, operation: Operation, went: Held, after: Held, told: str) -> None:
        removes = {(each.page, token) for each in operation.meant for token in each.removes}
        for each in operation.meant:
            if each.removes:
                bases = [other.base or "" for other in operation.meant if other.page == each.page]
                seen = {token for base in bases for token in self._texts.get(base, ("", []))[1]}
                _need(set(each.removes) <= seen, f"{told} did not see all that it took away")
        # A page that an append has begun anew has no mark until its heading comes back.
        lost = {(mark, token) for mark, token in went if not {(mark, token), ("", token)} & removes}
        _need(not lost, f"{told} lost {sorted(lost)}")
        # What takes a heading back means to take away all below it, and to bring it again without.
        stays = {token for each in operation.meant for token in each.adds}
        left = [key for key in removes if after[key] and not went[key] and key[1] not in stays]
        _need(not left, f"{told} left {left}, which it meant to take away")

    def _check_deeds(
        self, commit: _Commit, operation: Operation, came: set[str], went: set[str], told: str
    ) -> None:
        """What takes something back takes back nothing else."""
        if operation.of:
            then_came, then_went = self._deeds[operation.of]
            _need(came <= then_went, f"{told} of {operation.of} brought {sorted(came - then_went)}")
            _need(went <= then_came, f"{told} of {operation.of} took {sorted(went - then_came)}")
        author = operation.id.partition("-")[0]
        for whose in (commit.id, author):
            before = self._deeds.get(whose, (set(), set()))
            self._deeds[whose] = (before[0] | came, before[1] | went)

    def _is_by_hand(self, commit: _Commit, operation: Operation) -> bool:
        """Say whether somebody in the work tree saved over what git had changed under their hands."""
        return any(commit.changes.get(each.path, ("",))[0] != each.base for each in operation.meant)

    def _check_merge(self, commit: _Commit) -> None:
        """A merge that git made has what both sides did."""
        self._found.merges += 1
        one, other = commit.parents
        base = self._git.git("merge-base", one, other)
        sides = [self._held(self._files[each].values()) for each in (base, one, other, commit.id)]
        for key in set().union(*sides):
            was, mine, theirs, made = (side[key] for side in sides)
            if was in (mine, theirs):
                _need(made == (theirs if mine == was else mine), f"merge {commit.id} lost or made {key}")

    # -- what each operation was told

    def _check_end(self, operation: Operation) -> None:
        found, made = self._found, self._made.get(operation.id)
        if not operation.end:
            found.killed += 1
            found.killed_saved += made is not None
            return
        found.ends[operation.end] += 1
        said, told = operation.said, f"{operation.kind} {operation.id}"
        if operation.end == "saved":
            self._check_saved(operation, made)
            found.merged += bool(said.get("merged"))
            found.repeated += bool(said.get("repeated"))
            found.late += (
                self._place.get(said.get("seen", ""), len(self._place)) < self._place[said["commit"]]
            )
            return
        _need(made is None, f"{told} ended as {operation.end}, and yet was made as {made}")
        if operation.end == "conflict":
            _need(said["returned"], f"{told} was told of no text")
            for each in said["returned"]:
                self._check_returned(operation, each["ours"], told)

    def _check_saved(self, operation: Operation, made: str | None) -> None:
        said, told = operation.said, f"{operation.kind} {operation.id}"
        commit = said["commit"]
        _need(commit in self._place, f"{told} was acknowledged as {commit}, which is not in the history")
        if said["changed"] or made is not None:
            _need(said.get("second") in (None, commit), f"{told}, made again, became {said.get('second')}")
            _need(made == commit, f"{told} was acknowledged as {commit}, and is {made}")
            return
        for each in operation.meant:
            _need(self._is_done(each, commit), f"{told} was said to be there already in {commit}, and is not")

    def _is_done(self, meant: Meant, commit: str) -> bool:
        """Say whether what was meant is so in a page with its mark, or there is none any more."""
        texts = [self._texts[blob] for blob in self._files[commit].values()]
        pages = [{*tokens} for mark, tokens in texts if mark == meant.page]
        if any(page >= {*meant.adds} and not page & {*meant.removes} for page in pages):
            return True
        return not meant.adds and not pages

    def _check_returned(self, operation: Operation, ours: str | None, told: str) -> None:
        if ours is None:
            deletes = any(not each.adds for each in operation.meant)
            _need(deletes, f"{told} got no text back")
            return
        meant = [each for each in operation.meant if each.page == sentences.mark(ours)]
        _need(meant, f"{told} got another text back: {ours[:200]!r}")
        # Of several pages with one mark each gets its own part back.
        whole = len(meant) > 1 or self._is_in(meant[0], ours)
        _need(whole, f"{told} got less back than it wrote")
        self._found.returned += max(len(each.adds) for each in meant)

    def _is_in(self, meant: Meant, text: str) -> bool:
        return set(meant.adds) <= set(sentences.tokens(text))

    def _check_head(self, head: str) -> None:
        """Look once more, from the end: each token that was acknowledged is there, or somebody took it away."""
        there = {token for _, token in self._held(self._files[head].values())}
        for operation in self._operations.values():
            if operation.end == "saved":
                for token in operation.adds:
                    _need(token in there or token in self._taken, f"{token} of {operation.id} is lost")
                    self._found.kept += token in there
                    self._found.taken += token not in there
