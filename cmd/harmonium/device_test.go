//go:build cuda

package main

func init() { builtWithCUDA = true }
