// Command pause holds the namespaces of a pod: it waits to be ended, and collects the processes that lost their parent.
package main

import (
	"os"
	"os/signal"
	"syscall"
)

func main() {
	arrived := make(chan os.Signal, 8)
	signal.Notify(arrived, syscall.SIGINT, syscall.SIGTERM, syscall.SIGCHLD)
	for received := range arrived {
		if received != syscall.SIGCHLD {
			return
		}
		for {
			// One signal may stand for several children.
			if ended, _ := syscall.Wait4(-1, nil, syscall.WNOHANG, nil); ended <= 0 {
				break
			}
		}
	}
}
