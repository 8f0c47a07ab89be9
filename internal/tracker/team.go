package tracker

// Team is the people and roles that have a file below tasks/team, by canonical name; nil
// where there is none, and any name will do. A file that does not parse is there, Broken.
func (t *Tracker) Team() (map[string]Object, error) {
	list, err := t.objects(folder+"/team", Person)
	if err != nil || len(list) == 0 {
		return nil, err
	}
	team := make(map[string]Object, len(list))
	for _, o := range list {
		team[o.Name] = o
	}
	return team, nil
}
