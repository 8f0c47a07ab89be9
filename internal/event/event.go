// Package event is the in-process broker: topics, a sequence for each, replay of
// the newest, and an honest word to a subscriber that fell behind.
//
// Publish never waits for a reader. A subscriber whose queue is full is dropped
// with FellBehind; it reads what it missed from the journal and subscribes anew.
package event
