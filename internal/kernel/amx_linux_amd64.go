package kernel

import "golang.org/x/sys/unix"

// allowTiles asks the kernel to keep the registers of AMX for this process, which it does not do otherwise.
func allowTiles() bool {
	const requestPermission, tileData = 0x1023, 18 // ARCH_REQ_XCOMP_PERM, XFEATURE_XTILEDATA
	_, _, err := unix.Syscall(unix.SYS_ARCH_PRCTL, requestPermission, tileData, 0)
	return err == 0
}
