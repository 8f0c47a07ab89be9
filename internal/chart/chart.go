// Package chart draws: plain SVG elements for a page, with their legends and tables
// of the same numbers, made of numbers and words alone. It reads nothing and knows no
// page.
//
// A drawing has a name and a description, takes its colours from classes, holds no
// style attribute, no script and nothing from outside, and means the same without
// colour. Text that comes in is escaped; it may be of any length and script.
package chart
