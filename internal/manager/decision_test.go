package manager_test

import (
	"context"
	"testing"
	"time"

	"tasks/internal/fault"
	"tasks/internal/run"
)

// TestARunIsNotRejectedWhileItLands: one decision counts, and the record says which. A message
// that comes meanwhile does not take the run out of it, and no attempt begins with it.
func TestARunIsNotRejectedWhileItLands(t *testing.T) {
	m, root := reviewed(t, "a")
	rejected := make(chan error, 1)
	m.BeforeRemove = func(ctx context.Context, r *run.Run) error { // while it lands
		go func() {
			_, _, err := m.Reject(context.WithoutCancel(ctx), "a", "")
			rejected <- err
		}()
		for range 20 { // what must not be has this long to be
			if now, err := m.Runs.ByID(ctx, r.ID); err != nil || now.State != run.Review {
				t.Errorf("while it lands it is no more in review: %v", err)
				break
			}
			time.Sleep(10 * time.Millisecond)
		}
		if _, err := m.Send(ctx, "a", "one more thing", false, "", "test"); err != nil {
			t.Error(err)
		}
		short, cancel := context.WithTimeout(ctx, 100*time.Millisecond)
		defer cancel()
		if _, err := m.Resume(short, r.ID); err == nil {
			t.Error("an attempt began while it lands")
		}
		return nil
	}
	r, err := m.Accept(t.Context(), "a", false)
	if err != nil || r.State != run.Accepted || r.LandedAs == "" {
		t.Errorf("accepted: it is %s, %v", r.State, err)
	}
	if err := <-rejected; fault.CodeOf(err) != fault.Conflict {
		t.Errorf("rejected: %v", err)
	}
	shell(t, root, "test -f a.txt")
}
