import uuid

import django.db.models.deletion
from django.db import migrations, models

from accord.database.security import agency_owned, statements


class Migration(migrations.Migration):
    dependencies = [
        ("partners", "0002_security"),
        ("sharing", "0002_security"),
        ("vault", "0002_security"),
    ]

    operations = [
        migrations.CreateModel(
            name="Answered",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        db_comment="link: opaque id",
                        default=uuid.uuid4,
                        editable=False,
                        primary_key=True,
                        serialize=False,
                    ),
                ),
                ("paper", models.UUIDField(db_comment="link: on which paper")),
                (
                    "purpose",
                    models.CharField(
                        choices=[
                            ("own_service", "own_service"),
                            ("treatment", "treatment"),
                            ("safety", "safety"),
                            ("shelter", "shelter"),
                            ("advocacy", "advocacy"),
                            ("investigation", "investigation"),
                            ("prosecution", "prosecution"),
                            ("protective_order", "protective_order"),
                            ("legal_help", "legal_help"),
                            ("housing", "housing"),
                            ("education", "education"),
                            ("compensation", "compensation"),
                            ("supervision", "supervision"),
                            ("coordination", "coordination"),
                            ("oversight", "oversight"),
                            ("records_request", "records_request"),
                            ("reporting", "reporting"),
                            ("research", "research"),
                            ("mandated_report", "mandated_report"),
                            ("legal_process", "legal_process"),
                            ("locate", "locate"),
                            ("discovery", "discovery"),
                            ("fatality_review", "fatality_review"),
                            ("administration", "administration"),
                        ],
                        db_comment="code: why, exactly one",
                        max_length=24,
                    ),
                ),
                ("grants", models.JSONField(db_comment="code: category to level")),
                ("rule", models.CharField(db_comment="code: the rule that lets it out", max_length=48)),
                ("until_at", models.DateTimeField(db_comment="moment: it ends")),
                ("answered_at", models.DateTimeField(db_comment="moment: when")),
                ("answered_by", models.UUIDField(db_comment="link: member")),
            ],
            options={
                "db_table": "sharing_answered",
            },
        ),
        migrations.RemoveConstraint(
            model_name="envelope",
            name="envelope_on_one_basis",
        ),
        migrations.RemoveConstraint(
            model_name="sent",
            name="sent_on_one_basis",
        ),
        migrations.AddField(
            model_name="envelope",
            name="answered",
            field=models.UUIDField(db_comment="link: or the answer to a paper that is on file", null=True),
        ),
        migrations.AlterField(
            model_name="envelope",
            name="basis",
            field=models.CharField(
                choices=[("release", "release"), ("flow", "flow"), ("answered", "answered")],
                db_comment="code: which of the three",
                max_length=8,
            ),
        ),
        migrations.AddIndex(
            model_name="envelope",
            index=models.Index(
                condition=models.Q(("answered__isnull", False)),
                fields=["holder", "answered"],
                name="envelope_by_answered",
            ),
        ),
        migrations.AddConstraint(
            model_name="envelope",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(
                        models.Q(("answered__isnull", True), ("flow__isnull", True), ("release__isnull", False)),
                        ("basis", "release"),
                    ),
                    models.Q(
                        models.Q(("answered__isnull", True), ("flow__isnull", False), ("release__isnull", True)),
                        ("basis", "flow"),
                    ),
                    models.Q(
                        models.Q(("answered__isnull", False), ("flow__isnull", True), ("release__isnull", True)),
                        ("basis", "answered"),
                    ),
                    _connector="OR",
                ),
                name="envelope_on_one_basis",
            ),
        ),
        migrations.AddField(
            model_name="answered",
            name="agency",
            field=models.ForeignKey(
                db_comment="link: holder",
                db_index=False,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="partners.agency",
            ),
        ),
        migrations.AddField(
            model_name="answered",
            name="client",
            field=models.ForeignKey(
                db_comment="link: whose file",
                db_constraint=False,
                db_index=False,
                on_delete=django.db.models.deletion.CASCADE,
                to="vault.client",
            ),
        ),
        migrations.AddField(
            model_name="answered",
            name="recipient",
            field=models.ForeignKey(
                db_comment="link: to whom",
                db_index=False,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="partners.agency",
            ),
        ),
        migrations.AddField(
            model_name="answered",
            name="subject",
            field=models.ForeignKey(
                db_comment="link: whom it is about",
                db_constraint=False,
                db_index=False,
                on_delete=django.db.models.deletion.CASCADE,
                to="vault.person",
            ),
        ),
        migrations.AddField(
            model_name="sent",
            name="answered",
            field=models.ForeignKey(
                db_comment="link: or on which paper",
                db_constraint=False,
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                to="sharing.answered",
            ),
        ),
        migrations.AddIndex(
            model_name="sent",
            index=models.Index(
                condition=models.Q(("answered__isnull", False)), fields=["agency", "answered"], name="sent_by_answered"
            ),
        ),
        migrations.AddConstraint(
            model_name="sent",
            constraint=models.UniqueConstraint(
                fields=("agency", "answered", "entry"), name="sent_once_per_entry_and_answer"
            ),
        ),
        migrations.AddConstraint(
            model_name="sent",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("answered__isnull", True), ("flow__isnull", True), ("release__isnull", False)),
                    models.Q(("answered__isnull", True), ("flow__isnull", False), ("release__isnull", True)),
                    models.Q(("answered__isnull", False), ("flow__isnull", True), ("release__isnull", True)),
                    _connector="OR",
                ),
                name="sent_on_one_basis",
            ),
        ),
        migrations.AddIndex(
            model_name="answered",
            index=models.Index(fields=["agency", "client"], name="answered_by_client"),
        ),
        migrations.AddConstraint(
            model_name="answered",
            constraint=models.UniqueConstraint(fields=("agency", "paper"), name="answered_once"),
        ),
        migrations.AddConstraint(
            model_name="answered",
            constraint=models.CheckConstraint(
                condition=models.Q(("grants", {}), _negated=True), name="answered_something"
            ),
        ),
        migrations.AddConstraint(
            model_name="answered",
            constraint=models.CheckConstraint(
                condition=models.Q(("agency", models.F("recipient")), _negated=True), name="answered_has_two_agencies"
            ),
        ),
        *agency_owned(
            "sharing_answered",
            policies={"update": "never", "delete": "never"},
            references={"client_id": "vault_client", "subject_id": "vault_person"},
        ),
        *statements(
            "alter table sharing_sent add constraint sharing_sent_answered_id_same_agency"
            " foreign key (agency_id, answered_id) references sharing_answered (agency_id, id)"
            " deferrable initially deferred",
            "alter table sharing_envelope add constraint sharing_envelope_rests_on_answer"
            " foreign key (holder_id, answered) references sharing_answered (agency_id, id)",
        ),
    ]
