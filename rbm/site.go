package rbm

// Site is a categorical unit: the bits First to First+States−1 of a layer, exactly one of which is on.
type Site struct{ First, States int }

// SitesOf returns the categorical sites of a layer, in the order of its units.
func SitesOf(l Layer) (sites []Site) {
	first := 0
	for _, part := range LayoutOf(l) {
		at := first
		for _, q := range part.States {
			sites = append(sites, Site{at, q})
			at += q
		}
		first += part.Units
	}
	return sites
}
