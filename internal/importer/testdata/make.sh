#!/bin/sh
# make.sh TOOL DIR: makes the sample project of a tool in the new folder DIR, with the
# tool's own commands. The tool is on the path. The samples of this folder were made by
# it; the test of the flag -tools runs it again, with the versions that are there.
set -e
tool=$1
mkdir "$2" && cd "$2"
git init -q
git config user.email ana@example.com
git config user.name Ana
export CI=1 DO_NOT_TRACK=1

make_backlog() {
	backlog init "Mail relay" --defaults --agent-instructions none
	backlog milestone add "First release" -d "What the pilot needs"
	b() { backlog task "$@" --plain; }
	b create "Renew leases before they lapse" -d "A worker that pauses longer than the lease loses its message.

Two customers saw mails twice." -a @ana -l queue,reliability --priority high --type bug --due-date 2026-12-24 \
		--ac "A paused worker keeps its lease" --ac "A dead worker loses it within 30 s" \
		--ref https://example.com/incidents/17 --doc docs/leases.md -m "First release"
	b create "Spread retries with jitter" -d "All retries hit the same second." --depends-on task-1 -a @ana,@ben \
		--priority medium --dod "Load test run" -l queue --modified-file internal/queue/retry.go
	b edit 1 -s "In Progress" --check-ac 2 --comment "Careful with the clock" --comment-author @ben --plan "1. Measure the pause
2. Renew at a third of the lease

- [x] write the probe
- [ ] wire it up" --notes "The probe shows pauses of 4 s.

## What we tried

- GC settings"
	b create "Größere Anhänge annehmen 📎 (до 50 МБ)" -d "Ein Anhang über 10 MB wird abgewiesen: 附件 مرفق." --priority low
	b create "Split the sender" -p task-2 -d "A part of it"
	b create "Say which rule refused a mail" -s Done --final-summary "The reason stands in the reply." \
		--ac "The reply names the rule" --depends-on task-2,task-3
	b edit 4 --check-ac 1
	b create "Drop the old queue"
	b create "Never mind" -d "Withdrawn" --depends-on task-4
	b create "Finished long ago" -s Done -d "Shipped in the spring."
	backlog draft create "Perhaps: a dead letter folder" -d "Not sure yet" -l idea
	backlog task archive 5
	backlog task complete 7
	backlog doc create "Runbook"
	backlog decision create "Keep SQLite" -s accepted
}

# taskmd has no command that writes a task: a person writes the file, commands change it.
make_taskmd() {
	printf 'dir: ./plan\nscopes:\n  cli/queue:\n    paths:\n      - "internal/queue/"\n      - "cmd/queue.go"\n' >.taskmd.yaml
	mkdir -p plan/cli plan/web
	cat >plan/cli/001-renew-leases.md <<-'X'
		---
		id: "001"
		title: "Renew leases before they lapse"
		status: pending
		created: 2026-11-20
		touches: ["cli/queue"]
		context: ["docs/leases.md"]
		verify:
		  - type: bash
		    run: "go test ./internal/queue"
		    dir: "."
		  - type: assert
		    check: "A paused worker keeps its lease"
		---

		# Renew leases before they lapse

		## Objective

		A paused worker loses its message.

		## Tasks

		- [x] Measure the pause
		- [ ] Renew at a third of the lease

		## Acceptance Criteria

		- A paused worker keeps its lease
	X
	cat >plan/cli/002-spread-retries.md <<-'X'
		---
		id: "002"
		title: "Spread retries with jitter"
		status: pending
		dependencies: ["001"]
		tags: []
		created: 2026-11-21
		sprint: 7
		---

		All retries hit the same second.
	X
	cat >plan/web/003-anhaenge.md <<-'X'
		---
		id: "003"
		title: "Größere Anhänge annehmen 📎"
		status: pending
		dependencies: ["001", "002"]
		created: 2026-11-21
		---

		# Größere Anhänge annehmen 📎

		附件 مرفق
	X
	cat >plan/004-old-queue.md <<-'X'
		---
		id: "004"
		title: "Drop the old queue"
		status: pending
		---

		Nobody uses it.
	X
	taskmd set --task-id 001 --status in-progress --priority critical --effort large --owner ana --add-tag queue --add-tag reliability
	taskmd set --task-id 002 --priority high --parent 001 --add-tag queue
	taskmd set --task-id 003 --status blocked --priority low
	taskmd set --task-id 004 --status cancelled
	taskmd worklog --task-id 001 --add "The probe shows pauses of 4 s."
	taskmd archive --id 004 -y
	taskmd validate
}

make_beads() {
	export BEADS_NO_DAEMON=1
	bd init --prefix mail </dev/null
	new() { bd create "$@" --json </dev/null | sed -n 's/.*"id": *"\([^"]*\)".*/\1/p' | head -n 1; }
	a=$(new "Renew leases before they lapse" -d "A paused worker loses its message.

- seen twice" -p 1 -t bug --design "Renew at a third of the lease.

## Chosen

A ticker" --acceptance "- [ ] a paused worker keeps its lease
- [x] a dead one loses it" -l queue,reliability -a ana --external-ref gh-17)
	b=$(new "Spread retries with jitter" -d "All retries hit the same second." -p 0 -t feature --deps "blocks:$a")
	c=$(new "Größere Anhänge 📎 annehmen" -d "附件 مرفق" -p 4 -t epic)
	d=$(new "Stream to disk" -d "No copy in memory" -p 2 --parent "$c")
	e=$(new "Say which rule refused a mail" -p 3 -t chore --deps "discovered-from:$a,related:$b")
	f=$(new "Old queue" -d gone)
	bd update "$a" --status in_progress --notes "The probe shows pauses of 4 s."
	bd comments add "$a" "Careful with the clock"
	bd update "$b" --status blocked
	bd close "$f" --reason "Replaced by the new one"
	bd dep add "$e" "$d"
	bd sync --flush-only
}

# Task Master makes its file only by asking a model; an empty one is put there first.
make_taskmaster() {
	task-master init -y --name mail --description d --no-git --rules cursor </dev/null
	mkdir -p .taskmaster/tasks
	echo '{"master":{"tasks":[],"metadata":{}}}' >.taskmaster/tasks/tasks.json
	t() { task-master "$@" </dev/null; }
	t add-task --title "Renew leases before they lapse" --description "A paused worker loses its message." --priority high --details '1. Measure
2. Renew

```go
## not a heading
```'
	t add-task --title "Spread retries with jitter" --description "All retries hit the same second." --details "Full jitter" --dependencies 1 --priority medium
	t add-task --title "Größere Anhänge 📎" --description "Über 10 MB: 附件 مرفق" --details "Stream" --priority low
	t add-task --title "Say which rule refused a mail" --description "People guess." --details "x" --dependencies "2,3"
	t add-subtask --parent 2 --title "Pick the formula" --description "Full or equal jitter" --details "Compare both"
	t add-subtask --parent 2 --title "Load test" --description "1,000 at once" --dependencies 2.1
	t add-task --title "Old idea" --description "Later perhaps" --details "y"
	t set-status --id 1 --status in-progress
	t set-status --id 2.1 --status done
	t set-status --id 4 --status review
	t set-status --id 5 --status deferred
	t add-tag feature-x --description "A branch of work"
	t use-tag feature-x
	t add-task --title "Only in the tag" --description "On a branch" --details "z" --priority high
	t use-tag master
}

# OpenSpec makes the folders and archives; people or agents write the files.
make_openspec() {
	export OPENSPEC_TELEMETRY=0
	openspec init . --tools none
	for c in renew-leases spread-retries drop-old-queue; do
		openspec new change $c --goal "Mails are sent once" --description "About $c"
	done
	openspec new change just-an-idea --goal "Größere Anhänge 📎"
	d=openspec/changes/renew-leases
	printf '# Renew leases before they lapse\n\n## Why\n\nA paused worker loses its message: 附件 مرفق.\n\n## What Changes\n\n- Renew at a third of the lease\n- **BREAKING** the lease is 30 s\n\n## Capabilities\n\n### New Capabilities\n- `queue/lease`: how long a worker owns a message\n\n## Impact\n\ninternal/queue\n' >$d/proposal.md
	printf '# Design\n\n## Context\n\nPauses of 4 s were seen.\n\n## Goals / Non-Goals\n\n**Goals:** no message twice\n\n## Decisions\n\nA ticker in the worker, not in the store.\n\n## Risks / Trade-offs\n\nThe clock may jump.\n' >$d/design.md
	printf '# Tasks\n\n## 1. Measure\n\n- [x] 1.1 Write the probe\n- [ ] 1.2 Run it for a day\n\n## 2. Renew\n\n- [ ] 2.1 Add the ticker\n' >$d/tasks.md
	mkdir -p $d/specs/queue/lease
	printf '# Spec Delta\n\n## Purpose\nHow long a worker owns a message, and how it keeps it while it works.\n\n## ADDED Requirements\n\n### Requirement: A lease is renewed\nThe worker SHALL renew its lease before it lapses.\n\n#### Scenario: A paused worker\n- **WHEN** a worker pauses for 4 s\n- **THEN** its message stays its own\n' >$d/specs/queue/lease/spec.md
	d=openspec/changes/drop-old-queue
	printf '# Drop the old queue\n\n## Why\n\nNobody uses it since the spring.\n\n## What Changes\n\n- remove it\n\n## Impact\n\nnone\n' >$d/proposal.md
	printf '# Tasks\n\n## 1. Remove\n\n- [x] 1.1 Remove the code\n' >$d/tasks.md
	mkdir -p $d/specs/old/queue
	printf '# Spec Delta\n\n## Purpose\nThe old queue, which is being removed, as it was described before.\n\n## ADDED Requirements\n\n### Requirement: Gone\nThe program SHALL NOT have the old queue.\n\n#### Scenario: Look\n- **WHEN** one looks\n- **THEN** it is gone\n' >$d/specs/old/queue/spec.md
	openspec archive drop-old-queue -y
}

make_"$tool"
