"""The table of tokens, and those of before: they go on under their hash, until they expire, and the table that held them
in the clear is dropped."""

from datetime import timedelta
from hashlib import sha256, sha512
import django.db.models.deletion
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations.state import StateApps
from django.conf import settings
from django.db import migrations, models
from django.utils import timezone

_BEFORE = "authtoken_token"


def take_over(apps: StateApps, editor: BaseDatabaseSchemaEditor) -> None:
    """Each token of rest_framework.authtoken, of which a user had one, without an end."""
    connection = editor.connection
    if _BEFORE not in connection.introspection.table_names():
        return
    token = apps.get_model("accounts", "Token")
    expiry = timezone.now() + timedelta(days=settings.TOKEN_DAYS)
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT t.key, t.user_id, u.password FROM {_BEFORE} t JOIN auth_user u ON u.id = t.user_id")
        token.objects.bulk_create(
            token(
                digest=sha512(key.encode()).hexdigest(),
                token_key=key[:15],
                user_id=user_id,
                expiry=expiry,
                name="From before tokens were hashed",
                password_mark=sha256(password.encode()).hexdigest(),
            )
            for key, user_id, password in cursor.fetchall()
        )
        cursor.execute(f"DROP TABLE {_BEFORE}")
        cursor.execute("DELETE FROM django_migrations WHERE app = 'authtoken'")
    apps.get_model("contenttypes", "ContentType").objects.filter(app_label="authtoken").delete()


class Migration(migrations.Migration):

    initial = True

    dependencies = [
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
        ("admin", "0003_logentry_add_action_flag_choices"),
        ("auth", "0012_alter_user_first_name_max_length"),
        ("contenttypes", "0002_remove_content_type_name"),
    ]

    operations = [
        migrations.CreateModel(
            name='Token',
            fields=[
                ('digest', models.CharField(max_length=128, primary_key=True, serialize=False)),
                ('token_key', models.CharField(db_index=True, max_length=25)),
                ('created', models.DateTimeField(auto_now_add=True)),
                ('expiry', models.DateTimeField(blank=True, null=True)),
                ('name', models.CharField(blank=True, help_text='What it is for. Without a name: of one sign-in with a password.', max_length=100)),
                ('scope', models.CharField(choices=[('read', 'Read'), ('write', 'Read and write')], default='write', max_length=5)),
                ('password_mark', models.CharField(editable=False, max_length=64)),
                ('used_at', models.DateTimeField(editable=False, null=True, verbose_name='last used')),
                ('user', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='auth_token_set', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'ordering': ('-created',),
            },
        ),
        migrations.RunPython(take_over, migrations.RunPython.noop),
    ]
