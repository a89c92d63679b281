// Package sites reads off a model of categorical sites, such as one of an alignment of proteins, what its users ask
// for: effective couplings between two sites ([NewCouplings]) and the contacts that they suggest
// ([Couplings.Contacts]), the score of each single mutation ([Mutations]), and frequencies and correlations of samples
// beside those of data ([Frequencies], [Correlations]).
package sites
