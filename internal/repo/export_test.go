package repo

// Portable makes r open files in the way of systems without openat2.
func (r *Repo) Portable() { r.disk.slow.Store(true) }
