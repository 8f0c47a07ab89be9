package web

// runDiff reads the work of the run that is there to look at.
func (s *Server) runDiff(_ *request, p *RunPage) {
	if p.V.Run.Head == "" {
		p.DiffWhy = "There is nothing to look at yet."
	}
}
