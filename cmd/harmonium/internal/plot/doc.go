// Package plot draws the pictures: curves ([Curve]), sheets of tiles for weights and configurations ([Tiles]), and
// estimates beside exact values ([Compare]). It takes numbers, not models, and writes PNG or SVG files,
// dark on light or light on dark. Equal numbers give equal bytes.
//
// All text is Liberation Sans, which has Greek, ± × − ‖ and ², but not ∣ ⟨ ⟩ ∇ ∈ ∼: those would come out as empty
// boxes.
package plot
