package repo

// Target resolves a file to be written, which need not exist yet: real is the name
// after links that a write to name would touch. Errors are those of Stat, except
// that a file may be missing.
func (r *Repo) Target(name string) (real string, exists bool, err error) {
	t, err := r.target(name)
	return t.real, t.exists, err
}
