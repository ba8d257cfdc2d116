"""``make chaos``: faults of processes, database, broker, disk, storage and clocks, under real jobs.

For each fault the platform of `make serve` runs with a database server of its own, exports are submitted over HTTP, the
fault strikes while they are at work, and is taken away again. Then every job must have ended once, with a whole file or
none. ``sites`` is the platform, ``crowd`` the jobs and what became of them, ``ledger`` what the database saw; the other
modules are the faults.

build/bench/chaos.json has a row for each fault:

- ``tries``, ``jobs`` accepted in all of them, and attempts beyond the first that these took (``retried``);
- ``lost``: jobs that were accepted and are not there, or ended FAILED for a reason that is not the fault's own;
- ``failed``: jobs that ended FAILED with the code that says what the fault was, by code;
- ``duplicated``: jobs that ended more than once, or have more than one file;
- ``corrupt``: completed jobs whose file is not what the same request gives undisturbed, and files of jobs that did not
  complete;
- ``stuck``: jobs that had not ended PATIENCE seconds after the fault was over;
- ``recovered_s``: the most seconds from its end until a job submitted then was completed and downloaded.
"""
