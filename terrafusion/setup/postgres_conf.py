"""The private server's configuration files, written anew at each start: a new version reaches old clusters too."""

from __future__ import annotations

import os
import pwd
from pathlib import Path


def write(data: Path, socket: Path, role: str, owner: pwd.struct_passwd, account: pwd.struct_passwd) -> None:
    """Let ``owner`` and the server's ``account`` in as ``role``, on ``socket``. The files belong to ``account``."""
    main = data / "postgresql.conf"
    lines = main.read_text().splitlines()
    include = "include 'terrafusion.conf'"
    if include not in lines:
        main.write_text("\n".join([*lines, include, ""]))
    users = sorted({owner.pw_name, account.pw_name})
    files = {
        "terrafusion.conf": "".join(f"{name} = '{value}'\n" for name, value in _settings(socket).items()),
        "pg_hba.conf": "local all all peer map=terrafusion\n",
        "pg_ident.conf": "".join(f'terrafusion "{user}" {role}\n' for user in users),
    }
    for name, text in files.items():
        path = data / name
        path.write_text(text)
        path.chmod(0o600)
        os.chown(path, account.pw_uid, account.pw_gid)


def _settings(socket: Path) -> dict[str, object]:
    megabytes = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") // 2**20
    return {
        "listen_addresses": "",
        "port": 5432,  # only names the socket, since nothing listens
        "unix_socket_directories": socket,
        "unix_socket_permissions": "0700",
        "max_connections": 200,
        "shared_buffers": f"{max(64, min(1024, megabytes // 8))}MB",
        "work_mem": f"{max(8, min(64, megabytes // 256))}MB",
        "maintenance_work_mem": f"{max(64, min(512, megabytes // 32))}MB",
        # Bulk loads write much: fewer checkpoints, compressed full pages.
        "max_wal_size": "4GB",
        "checkpoint_timeout": "15min",
        "wal_compression": "on",
        "random_page_cost": 1.1,  # SSD
        "jit": "off",  # compiling costs more than it saves on queries of this kind
        "logging_collector": "on",
        "log_filename": "postgresql-%a.log",  # a week of logs, each day over the one of a week ago
        "log_rotation_age": "1d",
        "log_truncate_on_rotation": "on",
    }
