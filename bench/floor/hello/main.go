// Command hello is the floor of a process: a Go program that says one word.
package main

import "os"

func main() { os.Stdout.WriteString("hello\n") }
