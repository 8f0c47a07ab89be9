package demo

import (
	"time"

	"tasks/internal/llm/llmtest"
)

// The questions that the script can answer; the drawer offers the first three. A
// message that holds one of the words of a conversation begins it as well.
var Starters = []string{
	"What happens to a message that keeps failing?",
	"Correct the retry limit: it is 5 since last week",
	"Hand the jitter task to the manager",
}

const (
	retryRow    = "| `retry.limit` | `3` | how often a message is given out before it is set aside |"
	newRetryRow = "| `retry.limit` | `5` | how often a message is given out before it is set aside |"
)

// Script is what the model of the demo says. Every step may be used again and again.
func Script() llmtest.Script {
	var all llmtest.Script
	for _, part := range []llmtest.Script{question(), correction(), handOver(), mistake(), tour(), rest()} {
		for _, s := range part {
			s.Times = llmtest.Forever
			s.Pace = 18 * time.Millisecond
			all = append(all, s)
		}
	}
	return all
}

// question searches, reads and answers with a place to look at.
func question() llmtest.Script {
	const user = "keeps failing"
	return llmtest.Script{
		{User: user, Reasoning: "The guide should say this; I search for the words it would use.", Text: "Let me look where the guide speaks of it.",
			Calls: []llmtest.Call{{Name: "search_files", Arguments: `{"query":"dead letters","glob":"docs/**/*.md"}`}}},
		{User: user, Results: 1, Calls: []llmtest.Call{
			{Name: "read_file", Arguments: `{"path":"docs/guide/configuration.md","start_line":7,"end_line":28}`},
			{Name: "read_file", Arguments: `{"path":"docs/guide/delivery.md","start_line":20,"end_line":27}`},
		}},
		{User: user, Results: 3, Text: `It is **set aside, not lost**. In order:

1. A message is given out at most ` + "`retry.limit`" + ` times: three by default, which is one attempt and two retries.
2. The wait before each attempt grows: one second, then twice as long each time, ten minutes at most.
3. After the last attempt it moves to the queue's *dead letters* and stays there for 14 days.

You can look at them and send them again:

` + "```sh\nlantern dead list mail\nlantern dead retry mail 01J9ZK3V\n```" + `

The numbers are in ` + "`docs/guide/configuration.md:7-28`" + `, the life of a message in ` + "`docs/guide/delivery.md`" + `.`},
	}
}

// correction edits the page and says what it did.
func correction() llmtest.Script {
	const user = "retry limit"
	edit := `{"path":"docs/guide/configuration.md","old_string":"` + retryRow + `","new_string":"` + newRetryRow + `"}`
	return llmtest.Script{
		{User: user, Text: "I will look at the page as it is now.",
			Calls: []llmtest.Call{{Name: "read_file", Arguments: `{"path":"docs/guide/configuration.md"}`}}},
		{User: user, Results: 1, Calls: []llmtest.Call{{Name: "edit_file", Arguments: edit}}},
		{User: user, Results: 2, Result: "error (", Text: "The page is not as I expected: the row of the table may be changed already. I have changed nothing. What does the row say now?"},
		{User: user, Results: 2, Result: "did not allow", Text: "Then I leave the page as it is."},
		{User: user, Results: 2, Text: "The table now says **5**. The complete file at the end of the page still says `limit = 3`, and so does the note below the table; tell me if I should bring both along. Undo is on the card above."},
	}
}

// handOver checks a task and puts it into the queue, which asks.
func handOver() llmtest.Script {
	const user = "jitter task"
	return llmtest.Script{
		{User: user, Text: "First the rules, then the queue.",
			Calls: []llmtest.Call{{Name: "validate_task", Arguments: `{"slug":"spread-retries-with-jitter"}`}}},
		{User: user, Results: 1, Text: "The worksheet is in order and its one dependency is completed.",
			Calls: []llmtest.Call{{Name: "register_task_for_manager", Arguments: `{"slug":"spread-retries-with-jitter","note":"Asked for in the drawer."}`}}},
		{User: user, Results: 2, Result: "did not allow", Text: "Then it stays where it is: ready, not queued."},
		{User: user, Results: 2, Result: "error (", Text: "The manager did not take it; the card above says why."},
		{User: user, Results: 2, Text: "It is in the queue, with the worksheet exactly as you saw it. I write no code myself: the manager gives it to an agent in a worktree of its own. [The status page](/status) shows where it stands."},
	}
}

// mistake quotes the page wrongly, is told so, looks again and gets it right.
func mistake() llmtest.Script {
	const user = "lease"
	return llmtest.Script{
		{User: user, Text: "The page on delivery says how long a lease is.",
			Calls: []llmtest.Call{{Name: "edit_file", Arguments: `{"path":"docs/guide/delivery.md","old_string":"**Leased**: given to a receiver for thirty seconds.","new_string":"**Leased**: given to one receiver for 60 seconds."}`}}},
		{User: user, Results: 1, Result: "error (", Text: "I quoted it from memory, and wrongly: that sentence is not in the page. I will read it.",
			Calls: []llmtest.Call{{Name: "read_file", Arguments: `{"path":"docs/guide/delivery.md"}`}}},
		{User: user, Results: 2, Calls: []llmtest.Call{{Name: "edit_file", Arguments: `{"path":"docs/guide/delivery.md","old_string":"2. **Leased**: given to one receiver for 30 seconds.","new_string":"2. **Leased**: given to one receiver for 60 seconds."}`}}},
		{User: user, Results: 3, Result: "did not allow", Text: "Then it stays at 30 seconds."},
		{User: user, Results: 3, Result: "error (", Text: "That did not go through either; the card says why. The page is unchanged."},
		{User: user, Results: 3, Text: "Now it says **60 seconds**. The first attempt changed nothing: an edit is made only where the quoted text stands exactly once."},
	}
}

// tour is a long answer: time to stop it, or to walk to another page while it goes on.
func tour() llmtest.Script {
	return llmtest.Script{{User: "tour", Text: `Lantern is **three loops around one file**. I will take them in the order in which a message meets them.

## Accept

A request hands its message to the one writer over a channel. The writer takes all that have gathered and writes them with a single fsync. Nothing is answered before it is on disk, which is why an accepted message survives a crash.

## Lease

A receiver that asks is given the oldest waiting message, for itself alone, for the length of a lease. Three things can happen then:

- it acknowledges, and the message is done;
- it gives an error back, and the message waits for its next attempt;
- it says nothing, the lease runs out, and the message waits again.

## Compact

When half of the file is messages that are done, the file is rewritten without them. This is the one moment in which nothing is accepted, and a task about it is in the plans.

> A queue that is honest about its promises is short to explain.

The decisions behind each loop are written down in ` + "`docs/decisions/0001-one-file.md`" + ` and ` + "`docs/decisions/0002-at-least-once.md`" + `, and what to look at when something is wrong is in ` + "`docs/operations/runbook.md`" + `.`}}
}

// rest answers everything else, honestly.
func rest() llmtest.Script {
	return llmtest.Script{{Results: llmtest.Any, Text: `I am the demo's scripted model, so I only know a few conversations by heart:

- *What happens to a message that keeps failing?*: searches, reads, answers
- *Correct the retry limit: it is 5 since last week*: edits a page
- *Hand the jitter task to the manager*: asks you, then queues it
- *Make the lease 60 seconds*: makes a mistake and mends it
- *Give me a tour of the architecture*: a long answer, to stop or to walk away from

With a model of your own you can ask anything: put ` + "`OPENAI_API_KEY`" + ` into the ` + "`.env`" + ` of your repository and run ` + "`tasks serve`" + ` there.`}}
}
