// Command server answers HTTP requests with its version and its pod's name, and drains when it is told to end.
package main

import (
	"context"
	"fmt"
	"net/http"
	"os"
	"os/signal"
	"strconv"
	"sync/atomic"
	"syscall"
	"time"
)

func main() {
	if len(os.Args) > 1 {
		// What `exec` runs.
		fmt.Println(os.Args[1], os.Getenv("VERSION"))
		return
	}
	var ready atomic.Bool
	mux := http.NewServeMux()
	mux.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		if milliseconds, _ := strconv.Atoi(r.URL.Query().Get("busy")); milliseconds > 0 {
			for until := time.Now().Add(time.Duration(milliseconds) * time.Millisecond); time.Now().Before(until); {
			}
		}
		host, _ := os.Hostname()
		fmt.Fprintf(w, "%s %s", os.Getenv("VERSION"), host)
	})
	mux.HandleFunc("/ready", func(w http.ResponseWriter, r *http.Request) {
		if !ready.Load() {
			w.WriteHeader(http.StatusServiceUnavailable)
		}
	})
	time.AfterFunc(time.Second, func() { ready.Store(true) })
	if folder := os.Getenv("DATA"); folder != "" {
		host, _ := os.Hostname()
		if err := os.WriteFile(folder+"/"+host, []byte(host), 0o644); err != nil {
			fmt.Println("cannot write:", err)
			os.Exit(1)
		}
	}
	server := &http.Server{Addr: ":8000", Handler: mux}
	ended, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM)
	defer stop()
	go func() {
		fmt.Println("listening")
		if err := server.ListenAndServe(); err != http.ErrServerClosed {
			fmt.Println(err)
			os.Exit(1)
		}
	}()
	<-ended.Done()
	within, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	_ = server.Shutdown(within)
}
