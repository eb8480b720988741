-- The schema of sluice.db, the commented truth. db/migrations.c makes the same
-- tables step by step; tests/unit/test_db_schema.c compares the two.
--
-- Times are UTC seconds since 1970. "sha256" is 64 lower-case hex digits of the
-- uncompressed bytes. Columns named json hold one JSON text each; it is
-- written and read by json-c only.

-- A source of base trees: a git repository, a URL or a kernel tarball.
CREATE TABLE tree (
  name        TEXT PRIMARY KEY,     -- what --tree says, e.g. debian-6.12
  kind        TEXT NOT NULL CHECK (kind IN ('git', 'url', 'tarball')), -- what source is
  source      TEXT NOT NULL,        -- absolute path or URL as given to "tree add"
  default_ref TEXT NOT NULL,        -- full name below the store, e.g. refs/trees/debian-6.12/main
  added       INTEGER NOT NULL,     -- when "tree add" ran
  updated     INTEGER NOT NULL      -- when its heads were last fetched
) STRICT;

-- How the fetches of a tree go, for each section [tree NAME] of the configuration.
CREATE TABLE tree_fetch (
  name        TEXT PRIMARY KEY,     -- of its section
  location    TEXT NOT NULL,        -- what is fetched: URL or path
  tried       INTEGER,              -- when it was last fetched; NULL: never
  succeeded   INTEGER,              -- when that last went well; NULL: never
  next        INTEGER NOT NULL,     -- when it is due
  failures    INTEGER NOT NULL,     -- fetches that failed since
  error       TEXT,                 -- why the last one did; NULL: it went well
  head        TEXT                  -- commit that was last queued to be tested; NULL: none
) STRICT;

-- One file of the content-addressed store. A row is written after its file is
-- safely there, and stays (present = 0) when the file is dropped: what was
-- built is still known by its hash then.
CREATE TABLE artifact (
  sha256      TEXT PRIMARY KEY CHECK (length(sha256) = 64), -- of the content; its name
  kind        TEXT NOT NULL CHECK (kind IN ('raw', 'zstd')), -- raw file, or seekable zstd frames (.zst)
  size        INTEGER NOT NULL,     -- bytes before compression
  stored      INTEGER NOT NULL,     -- bytes on disk
  present     INTEGER NOT NULL CHECK (present IN (0, 1)), -- 0: dropped
  created     INTEGER NOT NULL,     -- when it was first stored
  used        INTEGER NOT NULL DEFAULT 0, -- when it was stored last, known or not
  dropped     INTEGER               -- when its file was; NULL: never, or it came again
) STRICT;

-- What a folder of the caches src/ and out/ takes. Such a folder never changes; when it
-- was used last, its own time of modification says.
CREATE TABLE cache_size (
  path        TEXT PRIMARY KEY,     -- below the state folder, e.g. out/base-...
  bytes       INTEGER NOT NULL      -- of its blocks, when it was first looked at
) STRICT;

-- A series as it was tested on one state of one tree. The same mails on
-- another tree, on another --base, or after the tree moved are a row of their
-- own: results are history and are not overwritten. See series_key().
CREATE TABLE series (
  id          INTEGER PRIMARY KEY,  -- names the object folder series/<id>.git
  key         TEXT NOT NULL UNIQUE CHECK (length(key) = 64), -- series_key()
  message_id  TEXT NOT NULL,        -- of the cover letter or patch 1; git-<tip> for a range
  version     INTEGER NOT NULL,     -- the N of [PATCH vN]
  subject     TEXT NOT NULL,        -- without [PATCH ...]
  author      TEXT NOT NULL,        -- Name <mail>
  date        INTEGER NOT NULL,     -- of the first mail
  patches     INTEGER NOT NULL,     -- announced number of patches
  cover       TEXT,                 -- cover letter, NULL without one
  source      TEXT NOT NULL,        -- SERIES as given on the command line
  mbox        TEXT REFERENCES artifact (sha256), -- the mails as fetched
  trailers    TEXT,                 -- json [{"patch":1,"trailer":"Reviewed-by: ..."}] from replies
  tree        TEXT NOT NULL,        -- tree.name, where the base is; no foreign key, "tree remove" leaves history
  base_commit TEXT,                 -- NULL until a base was chosen
  base_tree   TEXT,                 -- the commit's tree object
  base_tried  TEXT,                 -- json [{"rung","tree","commit","ref","why_not"}]
  wanted      TEXT,                 -- json {"configs":[],"topologies":[],"suites":[]} of the last request
  reason      TEXT,                 -- with state cancelled, failed: by whom, or why, as its job says
  created     INTEGER NOT NULL,     -- when first asked for
  updated     INTEGER NOT NULL,     -- last change of the row
  base_how    TEXT CHECK (base_how IN ('option', 'author', 'base-commit', 'blobs', 'good',
                'head', 'range')),  -- why this base: the rung of the ladder
  state       TEXT NOT NULL DEFAULT 'new' CHECK (state IN ('new', 'running', 'done',
                'cancelled', 'failed')) -- new: no base yet; running: or interrupted
) STRICT;
CREATE INDEX series_newest ON series (updated DESC, id DESC); -- /
CREATE INDEX series_msgid ON series (message_id, version, updated); -- sluice show MSGID
CREATE INDEX series_base ON series (tree, base_commit); -- good_commits

-- The tree with patches 1..step applied; step 0 is the base.
CREATE TABLE step (
  series_id   INTEGER NOT NULL REFERENCES series (id) ON DELETE CASCADE, -- whose
  step        INTEGER NOT NULL CHECK (step >= 0), -- number of patches applied
  subject     TEXT NOT NULL,        -- of the patch; of the base commit for step 0
  author      TEXT,                 -- Name <mail>
  message_id  TEXT,                 -- of the mail; NULL for the base and a range
  apply       TEXT NOT NULL CHECK (apply IN ('base', 'exact', 'three-way', 'git-am',
                'already-applied', 'conflict', 'refused', 'not-reached')), -- how it went
  reason      TEXT,                 -- why refused or in conflict
  file        TEXT,                 -- where
  hunk        TEXT,                 -- which @@
  commit_id   TEXT,                 -- NULL when there is none
  tree        TEXT,                 -- tree object; NULL from the first step that did not apply
  files       TEXT,                 -- json [{"path":"mm/x.c","change":"M"}]
  PRIMARY KEY (series_id, step)
) STRICT;

-- What versions of a series are compared by. A range of commits has none.
CREATE TABLE series_patches (
  series_id   INTEGER PRIMARY KEY REFERENCES series (id) ON DELETE CASCADE, -- whose
  texts       TEXT NOT NULL REFERENCES artifact (sha256) -- json, as kernels/posted.h says
) STRICT;

-- One build that really happened. The key names everything that may change the
-- result: the chain of trees that was built in the folder, config, arch, make
-- arguments, toolchain. A build lost to our own trouble is replaced by its
-- repetition (attempts counts).
CREATE TABLE build (
  id          INTEGER PRIMARY KEY,  -- the number in /build/<id>
  key         TEXT NOT NULL UNIQUE CHECK (length(key) = 64), -- chain, config, arch, arguments, toolchain
  base_key    TEXT NOT NULL CHECK (length(base_key) = 64), -- config + toolchain + arguments, without trees
  config      TEXT NOT NULL,        -- name in kernels/configs
  arch        TEXT NOT NULL,        -- e.g. x86_64
  target      TEXT NOT NULL,        -- make target, e.g. vmlinux
  tree        TEXT NOT NULL,        -- tree object that was built, the last of chain
  chain       TEXT NOT NULL,        -- space-separated tree objects built in this folder, base first
  incremental INTEGER NOT NULL CHECK (incremental IN (0, 1)), -- 0: a full build of a fresh folder
  status      TEXT NOT NULL CHECK (status IN ('ok', 'fail', 'timeout', 'infra')), -- by evidence, not by exit code
  reason      TEXT,                 -- one line, NULL when ok
  error       TEXT,                 -- json {"file","line","text"}: first compiler error
  seconds     REAL NOT NULL,        -- wall time
  cpu_seconds REAL NOT NULL,        -- user + system, all processes
  image       TEXT REFERENCES artifact (sha256), -- bootable image
  log         TEXT REFERENCES artifact (sha256), -- output of make
  kconfig     TEXT REFERENCES artifact (sha256), -- the .config
  warnings    TEXT REFERENCES artifact (sha256), -- carried warnings of all objects, json
  compiled    INTEGER NOT NULL,     -- objects compiled
  toolchain   TEXT NOT NULL,        -- one line for people
  started     INTEGER NOT NULL,     -- first job of it
  finished    INTEGER NOT NULL,     -- result was read
  attempts    INTEGER NOT NULL      -- times this key was tried
) STRICT;
CREATE INDEX build_tree ON build (base_key, tree, id); -- build_find_by_tree
CREATE INDEX build_timing ON build (config, arch, incremental, id); -- timing_build

-- Which build stands for a step, and what only the step can say about it.
CREATE TABLE step_build (
  series_id   INTEGER NOT NULL,     -- whose
  step        INTEGER NOT NULL,     -- which step
  config      TEXT NOT NULL,        -- as asked for
  arch        TEXT NOT NULL,        -- as asked for
  build_id    INTEGER REFERENCES build (id), -- NULL when skipped
  status      TEXT NOT NULL CHECK (status IN ('ok', 'fail', 'timeout', 'infra', 'skipped')), -- build.status at that time
  reason      TEXT,                 -- why skipped
  reused      INTEGER NOT NULL CHECK (reused IN (0, 1)), -- 1: the build was done earlier
  new_warnings TEXT,                -- json [{"file","line","flag","text"}] against the step before
  not_built   TEXT,                 -- json ["drivers/x.c"]: changed but not compiled in this config
  PRIMARY KEY (series_id, step, config, arch),
  FOREIGN KEY (series_id, step) REFERENCES step (series_id, step) ON DELETE CASCADE,
  CHECK ((build_id IS NULL) = (status = 'skipped'))
) STRICT;
CREATE INDEX step_build_build ON step_build (build_id); -- /build/<id>: where it was used

-- The selftests of a tree that a suite wants, built. The key names everything that
-- may change them: the tree, arch, folders, programs, make arguments, limits, toolchain,
-- libraries.
CREATE TABLE selftests (
  key         TEXT PRIMARY KEY CHECK (length(key) = 64), -- tree, arch, folders, programs, arguments, toolchain
  tree        TEXT NOT NULL,        -- tree object
  folder      TEXT,                 -- below tools/testing/selftests; NULL: the tree has none of them
  programs    TEXT NOT NULL,        -- json [{"name","status","sha256","error"}]; status: ok, fail, absent, lacking
  log         TEXT REFERENCES artifact (sha256), -- output of make
  seconds     REAL NOT NULL,        -- wall time
  cpu_seconds REAL NOT NULL,        -- user + system, all processes
  toolchain   TEXT NOT NULL,        -- one line for people
  finished    INTEGER NOT NULL      -- result was read
) STRICT;

-- One boot that really happened; its id is the run number that people see.
-- Several boots may have one key: those are repetitions.
CREATE TABLE boot (
  id          INTEGER PRIMARY KEY AUTOINCREMENT, -- never given twice
  key         TEXT NOT NULL CHECK (length(key) = 64), -- image, initramfs, topology, cmdline, qemu, accel
  image       TEXT NOT NULL REFERENCES artifact (sha256), -- what was booted
  initramfs   TEXT NOT NULL,        -- sha256
  config      TEXT NOT NULL,        -- of the image
  arch        TEXT NOT NULL,        -- of the image
  topology    TEXT NOT NULL,        -- name
  topology_text TEXT NOT NULL,      -- the file at that time
  cmdline     TEXT,                 -- kernel command line
  accel       TEXT CHECK (accel IN ('kvm', 'tcg')), -- NULL: never came that far
  qemu_version TEXT,                -- as QMP says
  argv        TEXT,                 -- json, full qemu argv, paths as outside
  plan        TEXT,                 -- json [{"test","argv","deadline_ms"}]
  status      TEXT NOT NULL CHECK (status IN ('ok', 'panic', 'hang', 'reset', 'timeout',
                'no-result', 'infra')), -- ok: the end frame came, whatever the tests say
  phase       TEXT CHECK (phase IN ('boot', 'test', 'end')), -- how far it came
  reason      TEXT,                 -- one line
  seconds     REAL NOT NULL,        -- wall time
  boot_seconds REAL,                -- to the hello of init; NULL when it never came
  console     TEXT REFERENCES artifact (sha256), -- NULL when nothing was written
  splats      TEXT,                 -- json [{"title","key","text"}] outside of any test
  console_tail TEXT,                -- json, the last lines that matter
  alone       INTEGER NOT NULL CHECK (alone IN (0, 1)), -- nothing else ran beside it
  infra       INTEGER NOT NULL CHECK (infra IN (0, 1)), -- our own trouble: never charged, never reused
  started     INTEGER NOT NULL,     -- job start
  finished    INTEGER NOT NULL      -- result was read
) STRICT;
CREATE INDEX boot_key ON boot (key, id); -- boot_find_by_key
CREATE INDEX boot_timing ON boot (topology, arch, id); -- timing_boot

-- Which boots stand for a step on a topology. n counts the boots of the cell
-- from 1: the first, those that confirm a failure, those for the tests that
-- the first did not reach.
CREATE TABLE step_boot (
  series_id   INTEGER NOT NULL,     -- whose
  step        INTEGER NOT NULL,     -- which step
  config      TEXT NOT NULL,        -- as asked for
  arch        TEXT NOT NULL,        -- as asked for
  topology    TEXT NOT NULL,        -- as asked for
  n           INTEGER NOT NULL CHECK (n >= 1), -- from 1 within the cell
  role        TEXT NOT NULL CHECK (role IN ('first', 'confirm', 'rest')), -- why the cell got it
  boot_id     INTEGER REFERENCES boot (id), -- NULL when skipped
  reason      TEXT,                 -- why skipped
  reused      INTEGER NOT NULL CHECK (reused IN (0, 1)), -- taken over from a boot with the same key
  known       TEXT,                 -- json [{"test","reason"}]: its failures that a known issue explained then
  PRIMARY KEY (series_id, step, config, arch, topology, n),
  FOREIGN KEY (series_id, step) REFERENCES step (series_id, step) ON DELETE CASCADE
) STRICT;
CREATE INDEX step_boot_boot ON step_boot (boot_id); -- /run/<id>: where it was used
CREATE INDEX step_boot_base ON step_boot (config, arch, topology, boot_id)
  WHERE step = 0; -- history.c

-- What one test of a boot's plan came to.
CREATE TABLE result (
  boot_id     INTEGER NOT NULL REFERENCES boot (id) ON DELETE CASCADE, -- of which boot
  seq         INTEGER NOT NULL,     -- place in the plan, from 0
  test        TEXT NOT NULL,        -- suite/name
  result      TEXT NOT NULL CHECK (result IN ('pass', 'fail', 'skip', 'timeout', 'crash',
                'splat', 'not-run')), -- as judged by the host
  reason      TEXT,                 -- expected ..., saw ...
  seconds     REAL,                 -- NULL when it did not end
  output      TEXT,                 -- last lines of its stdout
  subtests    TEXT,                 -- json [{"name","result","reason"}]
  data        TEXT,                 -- json {"moved":123}
  splats      TEXT,                 -- json [{"title","key","text"}] within its markers
  console_from INTEGER,             -- bytes of the console log, NULL without markers
  console_to  INTEGER,              -- first byte after them
  PRIMARY KEY (boot_id, seq),
  UNIQUE (boot_id, test)
) STRICT;
CREATE INDEX result_timing ON result (test, result, boot_id); -- timing_test

-- What the series did to one (config, topology, test).
CREATE TABLE verdict (
  series_id   INTEGER NOT NULL REFERENCES series (id) ON DELETE CASCADE, -- whose
  seq         INTEGER NOT NULL,     -- order of show, from 0
  kind        TEXT NOT NULL CHECK (kind IN ('apply', 'build', 'warning', 'boot', 'test')), -- what it is about
  config      TEXT,                 -- NULL where it does not apply
  topology    TEXT,                 -- NULL for apply, build, warning
  test        TEXT,                 -- suite/name; NULL unless kind is test
  verdict     TEXT NOT NULL CHECK (verdict IN ('pass', 'pre-existing', 'introduced',
                'transient', 'flaky', 'inconclusive', 'not-tested', 'infra')), -- what the series did to it
  from_step   INTEGER,              -- first bad step
  until_step  INTEGER,              -- first good step after it
  candidates  TEXT,                 -- json [3]: steps that could be from
  runs        INTEGER,              -- boots that really ran
  failures    INTEGER,              -- of those runs
  probability REAL,                 -- of the verdict; NULL where nothing failed or chance has no part
  reason      TEXT,                 -- one line: what was expected and seen, or why not tested
  evidence    TEXT,                 -- json, console lines or compiler messages that matter
  boot_id     INTEGER REFERENCES boot (id), -- the run that shows it
  repairs     TEXT,                 -- json [5]: steps that could be until_step
  odds        TEXT,                 -- json, what the probability is made of: daemon/verdict_odds.h
  PRIMARY KEY (series_id, seq)
) STRICT;
CREATE INDEX verdict_summary ON verdict (series_id, verdict, kind); -- /

-- A version of a series that was posted to a list, as far as its mails have come.
-- Which mails are in it, the mails say (mail.posting).
CREATE TABLE posting (
  id          INTEGER PRIMARY KEY AUTOINCREMENT, -- what job.posting_id says; never given twice
  thread      INTEGER NOT NULL,     -- mail.thread of its mails
  message_id  TEXT NOT NULL,        -- of the cover letter, else of its lowest patch
  kind        TEXT NOT NULL CHECK (kind IN ('series', 'single', 'pull')), -- single: one patch
  rfc         INTEGER NOT NULL CHECK (rfc IN (0, 1)), -- is tagged RFC
  resend      INTEGER NOT NULL CHECK (resend IN (0, 1)), -- is tagged RESEND
  version     INTEGER NOT NULL,     -- the N of [PATCH vN]
  total       INTEGER NOT NULL,     -- patches announced; 0 for a pull request
  have        INTEGER NOT NULL,     -- patches that have come
  missing     TEXT NOT NULL,        -- their numbers, "1-2, 4"; empty: none
  refilled    INTEGER NOT NULL,     -- not 0: the other patches are those of this version
  subject     TEXT NOT NULL,        -- of message_id, tags and all
  prefix      TEXT NOT NULL,        -- words of its tag, without version, RFC and RESEND
  title       TEXT NOT NULL,        -- subject without tags, lower case, single spaces
  sender      TEXT NOT NULL,        -- mail address
  author      TEXT NOT NULL,        -- Name <mail>
  posted      INTEGER NOT NULL,     -- date of its first mail
  seen        INTEGER NOT NULL,     -- when its first mail came
  changed     INTEGER NOT NULL,     -- last change of state or mails
  deadline    INTEGER,              -- with state waiting: until when missing parts are waited for
  state       TEXT NOT NULL CHECK (state IN ('waiting', 'incomplete', 'complete', 'queued',
                'done', 'superseded', 'ignored')), -- incomplete: not waited for any more
  reason      TEXT,                 -- why incomplete, superseded or ignored; with queued: that there is a newer one
  change_id   TEXT,                 -- change-id: of b4
  base_commit TEXT,                 -- base-commit:
  override    TEXT,                 -- json {"tree","base","topology","config","suite"} asked for by the author
  archive_url TEXT,                 -- of message_id in an archive, where a source knows it
  source      TEXT NOT NULL,        -- name of the source whose settings hold
  lists       TEXT NOT NULL,        -- json, List-Ids it came by
  earlier     INTEGER REFERENCES posting (id) ON DELETE SET NULL, -- the version before this one
  job         INTEGER               -- job.id of the last one that was queued for it
) STRICT;
CREATE INDEX posting_thread ON posting (thread); -- recognising
CREATE INDEX posting_due ON posting (state, deadline); -- deadlines, status
CREATE INDEX posting_title ON posting (sender, title); -- versions of a series
CREATE INDEX posting_version ON posting (sender, version, posted); -- likewise
CREATE INDEX posting_change ON posting (change_id) WHERE change_id IS NOT NULL; -- likewise
CREATE INDEX posting_msgid ON posting (message_id); -- by message-id
CREATE INDEX posting_earlier ON posting (earlier); -- the next version
CREATE INDEX posting_shown ON posting (changed DESC, id DESC, state, source, lists); -- /postings,
  -- with all that it can be narrowed by: rows that are not shown are not read

-- The index of all mails that were seen: what came again is known by it.
CREATE TABLE mail (
  id          INTEGER PRIMARY KEY,  -- in the order of coming
  message_id  TEXT NOT NULL UNIQUE, -- bare
  thread      INTEGER NOT NULL,     -- id of a mail of its thread, the same for all of them
  parent      TEXT,                 -- message-id that it answers
  subject     TEXT NOT NULL,        -- unfolded, decoded
  author      TEXT NOT NULL,        -- From
  sender      TEXT NOT NULL,        -- the address in it, lower case
  date        INTEGER NOT NULL,     -- Date; 0: none
  seen        INTEGER NOT NULL,     -- when it came
  has_diff    INTEGER NOT NULL CHECK (has_diff IN (0, 1)), -- in its text
  paths       TEXT,                 -- json, files that its diff touches
  lists       TEXT NOT NULL,        -- json, List-Ids it came by
  sources     TEXT NOT NULL,        -- json, names of the sources that had it
  change_id   TEXT,                 -- change-id: of b4
  base_commit TEXT,                 -- base-commit:
  override    TEXT,                 -- json of a line "sluice: tree=..."
  archive_url TEXT,                 -- where it is in an archive, as a source said
  loose       TEXT,                 -- of a numbered mail that answers none: what it must share with its like
  what        TEXT NOT NULL CHECK (what IN ('cover', 'patch', 'pull', 'reply', 'quoted-diff',
                'untagged', 'no-patch', 'talk')), -- what it was recognised as
  posting     INTEGER REFERENCES posting (id) ON DELETE SET NULL, -- that it belongs to
  number      INTEGER NOT NULL      -- of the patch in it; 0 for a cover letter
) STRICT;
CREATE INDEX mail_thread ON mail (thread); -- recognising
CREATE INDEX mail_posting ON mail (posting, number) WHERE posting IS NOT NULL; -- a posting's mails
CREATE INDEX mail_loose ON mail (loose, date) WHERE loose IS NOT NULL; -- series without threading

-- The thread of each message-id that was seen or that a mail seen refers to.
CREATE TABLE mail_link (
  message_id  TEXT PRIMARY KEY,     -- of a mail, come or not
  thread      INTEGER NOT NULL      -- mail.thread
) STRICT, WITHOUT ROWID;
CREATE INDEX mail_link_thread ON mail_link (thread); -- joining threads

-- Bytes of mails that cannot be fetched again by their message-id, as long as
-- their posting is not queued or out of the question.
CREATE TABLE mail_raw (
  mail        INTEGER PRIMARY KEY REFERENCES mail (id) ON DELETE CASCADE, -- whose
  data        BLOB NOT NULL         -- as it lay in its source
) STRICT;

-- A place where new mails are looked for, for each section [source NAME] of the
-- configuration: how far it was read, and how that goes.
CREATE TABLE source (
  name        TEXT PRIMARY KEY,     -- of its section
  kind        TEXT NOT NULL CHECK (kind IN ('archive', 'epoch', 'patchwork', 'maildir')), -- what it is
  location    TEXT NOT NULL,        -- URL or path; the cursor belongs to it
  cursor      TEXT,                 -- json, the kind's own; NULL: never read
  polled      INTEGER,              -- when it was last asked; NULL: never
  succeeded   INTEGER,              -- when that last went well; NULL: never
  next        INTEGER NOT NULL,     -- when it is due
  failures    INTEGER NOT NULL,     -- polls that failed since
  error       TEXT,                 -- why the last one did; NULL: it went well
  mails       INTEGER NOT NULL      -- that came from it so far
) STRICT;

-- The queue of the daemon: what is to be tested, is being tested, and was. A job
-- that is taken gets a new epoch; its worker writes nothing (into any table) unless
-- the job is still running with that epoch (db/lease.h).
CREATE TABLE job (
  id          INTEGER PRIMARY KEY AUTOINCREMENT, -- what people name; never given twice
  class       TEXT NOT NULL CHECK (class IN ('interactive', 'background')), -- interactive: somebody waits
  list        TEXT NOT NULL,        -- mailing list it was posted to; '' when asked for by hand
  sender      TEXT NOT NULL,        -- mail address of who posted it, or the user who asked
  subject     TEXT NOT NULL,        -- one line for people
  tree        TEXT NOT NULL,        -- tree.name; '' for a range of a repository that is none
  request     TEXT NOT NULL,        -- json, as daemon/request.h has it
  mbox        TEXT REFERENCES artifact (sha256), -- the mails, where a file was given
  posting_id  INTEGER,              -- of the posting that asked for it; NULL: none
  version     INTEGER NOT NULL,     -- the N of [PATCH vN]; 0: not known
  posted      INTEGER NOT NULL,     -- when it was posted, else created
  state       TEXT NOT NULL CHECK (state IN ('queued', 'running', 'done', 'failed',
                'cancelled', 'apart')), -- apart: killed its worker too often
  exit        INTEGER,              -- what "sluice test" would exit with; NULL until it ended
  reason      TEXT,                 -- why failed, cancelled, apart, or last requeued
  series_id   INTEGER REFERENCES series (id) ON DELETE SET NULL, -- NULL until fetched
  owner       TEXT,                 -- boot id:pid:start time of the daemon that runs it
  epoch       INTEGER NOT NULL,     -- how often it was taken
  lease_until INTEGER,              -- the owner renews it; past: the owner is gone
  turn        INTEGER,              -- its place among all takes; NULL: never taken
  crashes     INTEGER NOT NULL,     -- workers that died of it
  interrupted INTEGER NOT NULL,     -- times it was stopped from outside
  retries     INTEGER NOT NULL,     -- times it ended in trouble of our own
  not_before  INTEGER NOT NULL,     -- after such trouble: when to try again
  created     INTEGER NOT NULL,     -- when it was queued
  started     INTEGER,              -- last taken
  finished    INTEGER,              -- NULL while queued or running
  kind        TEXT NOT NULL DEFAULT 'series' CHECK (kind IN ('series', 'head', 'bisect')), -- head: a tree
                                    -- as it is, without patches; bisect: its history
  bisection_id INTEGER REFERENCES bisection (id) ON DELETE SET NULL, -- of kind bisect, once its ends are known
  CHECK ((state = 'running') = (owner IS NOT NULL)),
  CHECK ((state IN ('queued', 'running')) = (finished IS NULL))
) STRICT;
CREATE INDEX job_fresh ON job (class, list, sender, version DESC, posted, id)
  WHERE state = 'queued' AND epoch = 0 AND kind = 'series'; -- queue_heads: first of each sender
CREATE INDEX job_begun ON job (id)
  WHERE state = 'queued' AND (epoch > 0 OR kind <> 'series'); -- queue_heads: the few others
CREATE INDEX job_running ON job (id) WHERE state = 'running'; -- queue_list_running
CREATE INDEX job_waits ON job (tree) WHERE state = 'queued' AND kind = 'series'; -- who waits for a head
CREATE INDEX job_head ON job (tree, id) WHERE kind = 'head'; -- queue_find_head
CREATE INDEX job_sender_turn ON job (sender, turn); -- when a sender had the last turn
CREATE INDEX job_list_turn ON job (list, turn); -- and when a list
CREATE INDEX job_turn ON job (turn); -- the last turn of all
CREATE INDEX job_state ON job (state, finished, id); -- queue_count, queue_list_apart
CREATE INDEX job_over ON job (finished, id); -- queue_list_over, timing_job
CREATE INDEX job_series ON job (series_id, id); -- which jobs made a series
CREATE INDEX job_bisection ON job (bisection_id, id) WHERE bisection_id IS NOT NULL; -- bisection_list
CREATE INDEX job_mbox ON job (mbox); -- whether an artifact is still needed

-- What the daemon must remember over a restart.
CREATE TABLE setting (
  name        TEXT PRIMARY KEY,     -- paused
  value       TEXT NOT NULL         -- of paused: background or all
) STRICT;

-- A search for the commit that broke a test, in a tree's history. The same question is
-- the same row: it goes on from what was run for it, and for others.
CREATE TABLE bisection (
  id          INTEGER PRIMARY KEY,  -- of its marks and steps
  tree        TEXT NOT NULL,        -- tree.name
  good        TEXT NOT NULL,        -- commit in full, as the user named it
  bad         TEXT NOT NULL,        -- likewise
  config      TEXT NOT NULL,        -- that is built
  arch        TEXT NOT NULL,        -- of the config
  topology    TEXT NOT NULL,        -- that is booted
  accel       TEXT NOT NULL CHECK (accel IN ('kvm', 'tcg')), -- never counted together
  test        TEXT NOT NULL,        -- suite/name
  created     INTEGER NOT NULL,     -- a failure from before is why it is searched for
  wanted      INTEGER NOT NULL DEFAULT 0 CHECK (wanted IN (0, 1)), -- 1: a base turned bad, the daemon queues it
  outcome     TEXT,                 -- json, as daemon/bisect_outcome.h has it; NULL: it did not come to an end
  ended       INTEGER,              -- when outcome was written
  revert_of   TEXT,                 -- commit that was to be reverted on bad; NULL: none yet
  revert_id   TEXT,                 -- commit that came of it; NULL: none, revert_why says why
  revert_why  TEXT,                 -- why it was not reverted
  belief      TEXT,                 -- json, as daemon/bisect_belief.h has it: what was known at the last decision;
                                    -- NULL: none since it began, or since the user's word
  UNIQUE (tree, good, bad, config, arch, topology, accel, test)
) STRICT;

CREATE INDEX bisection_of ON bisection (tree, config, topology, test); -- what is known of a bad base
CREATE INDEX bisection_wanted ON bisection (id) WHERE wanted = 1; -- bisection_next_wanted

-- What the user said of a commit: its runs do not count.
CREATE TABLE bisection_mark (
  bisection   INTEGER NOT NULL REFERENCES bisection (id) ON DELETE CASCADE, -- whose
  commit_id   TEXT NOT NULL,        -- in full
  bad         INTEGER NOT NULL CHECK (bad IN (0, 1)), -- 0: it is good
  made        INTEGER NOT NULL,     -- when
  PRIMARY KEY (bisection, commit_id)
) STRICT;

-- Its log: what was to be run next, and why.
CREATE TABLE bisection_step (
  bisection   INTEGER NOT NULL REFERENCES bisection (id) ON DELETE CASCADE, -- whose
  n           INTEGER NOT NULL,     -- from 1
  commit_id   TEXT NOT NULL,        -- what was to be run
  why         TEXT NOT NULL,        -- as bisect_why_str says it
  gain        REAL NOT NULL,        -- nats that the run was expected to tell; 0: not asked
  runs        INTEGER NOT NULL,     -- of the commit before it
  failures    INTEGER NOT NULL,     -- likewise
  likeliest   TEXT,                 -- commit that was likeliest to be it; NULL: none of the range
  likeliest_p REAL NOT NULL,        -- how likely, with what no run can tell from it
  decided     INTEGER NOT NULL,     -- when
  PRIMARY KEY (bisection, n)
) STRICT;
