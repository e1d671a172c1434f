"""Sign-in accounts and their keys. Nothing here knows an agency."""

from __future__ import annotations

import uuid

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.db import models


class Account(AbstractBaseUser):
    """Somebody who can sign in. Her key pair is what agencies grant their vaults to; its private half is locked under
    her password, or under an enrolment code until she has chosen one."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False, db_comment="link: opaque id")
    email = models.EmailField(unique=True, db_comment="account: what she signs in with")
    is_active = models.BooleanField(default=True, db_comment="account: may sign in")
    language = models.CharField(max_length=5, default="en", db_comment="account: language of pages")
    created_at = models.DateTimeField(db_comment="moment: when it was made")
    enrol_until = models.DateTimeField(null=True, db_comment="moment: an enrolment code is waiting until then")
    public_key = models.BinaryField(db_comment="public: what vaults are granted to")
    locked_key = models.BinaryField(db_comment="wrapped: private key under her password or enrolment code")

    objects = BaseUserManager()

    USERNAME_FIELD = "email"
    EMAIL_FIELD = "email"
    REQUIRED_FIELDS: list[str] = []

    class Meta:
        db_table = "accounts_account"
