"""Who works on which trial: a table in the study's database, so that no two workers take the same one.

Optuna reads a trial's state, then writes it; on SQLite, which knows no row locks, another may write in between. A row
that only one can insert, and only its owner or the heir of a dead owner can change, holds on any database.
"""

from __future__ import annotations

import os
import socket
import threading
import time
import uuid

import sqlalchemy as sql

BEAT = 5.0  # seconds between two signs of life
GRACE = 60.0  # seconds without one, after which an owner on another machine counts as dead

_metadata = sql.MetaData()
_claims = sql.Table(
    "kzoo_claims",
    _metadata,
    sql.Column("study", sql.String(255), primary_key=True),
    sql.Column("number", sql.Integer, primary_key=True, autoincrement=False),
    sql.Column("owner", sql.String(255), nullable=False),
    sql.Column("beat", sql.BigInteger, nullable=False),
)


class Claims:
    """What this process has claimed of a study, and what others have.

    Args:
        engine: The study's database.
        study: The study's name.
        owner: Who claims; by default this process: host, process and a random text.
    """

    def __init__(self, engine: sql.Engine, study: str, owner: str | None = None):
        self.engine, self.study = engine, study
        self.owner = owner or f"{socket.gethostname()}:{os.getpid()}:{uuid.uuid4().hex[:8]}"
        self.held: set[int] = set()
        self._seen: dict[tuple[int, str, int], float] = {}
        self._lock = threading.Lock()
        try:
            _metadata.create_all(engine)
        except sql.exc.DatabaseError:  # another process made it at the same moment
            _metadata.create_all(engine)

    def take(self, number: int) -> bool:
        """Claims a trial; False if somebody who is alive has it."""
        with self._lock:
            if number in self.held:
                return False
            taken = self._insert(number) or self._inherit(number)
            if taken:
                self.held.add(number)
            return taken

    def release(self, number: int) -> None:
        """Gives a claim back."""
        with self._lock, self.engine.begin() as connection:
            connection.execute(_claims.delete().where(*self._mine(number)))
            self.held.discard(number)

    def beat(self) -> set[int]:
        """Gives a sign of life for all that is held.

        Returns:
            What is held no more: others took it for dead.
        """
        lost = set()
        with self._lock:
            held = sorted(self.held)
        for number in held:
            with self.engine.begin() as connection:
                update = _claims.update().where(*self._mine(number)).values(beat=_claims.c.beat + 1)
                if connection.execute(update).rowcount == 0:
                    lost.add(number)
        with self._lock:
            lost &= self.held  # what was given back meanwhile is not lost
            self.held -= lost
        return lost

    def _mine(self, number: int) -> tuple[sql.ColumnElement[bool], ...]:
        return (
            _claims.c.study == self.study,
            _claims.c.number == number,
            _claims.c.owner == self.owner,
        )

    def _insert(self, number: int) -> bool:
        try:
            with self.engine.begin() as connection:
                row = {"study": self.study, "number": number, "owner": self.owner, "beat": 0}
                connection.execute(_claims.insert().values(row))
        except sql.exc.IntegrityError:
            return False
        return True

    def _inherit(self, number: int) -> bool:
        """Takes over from a dead owner; of several heirs one is served."""
        here = (_claims.c.study == self.study, _claims.c.number == number)
        with self.engine.begin() as connection:
            row = connection.execute(sql.select(_claims.c.owner, _claims.c.beat).where(*here)).first()
            if row is None or not self._dead(number, row.owner, row.beat):
                return False
            update = _claims.update().where(*here, _claims.c.owner == row.owner, _claims.c.beat == row.beat)
            return connection.execute(update.values(owner=self.owner, beat=0)).rowcount == 1

    def _dead(self, number: int, owner: str, beat: int) -> bool:
        """Whether a process of this machine is gone, or one anywhere has been silent, on our clock, for too long."""
        host, process, _ = owner.rsplit(":", 2)
        if host == socket.gethostname() and not _is_alive(int(process)):
            return True
        first = self._seen.setdefault((number, owner, beat), time.monotonic())
        return time.monotonic() - first > GRACE


def _is_alive(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
