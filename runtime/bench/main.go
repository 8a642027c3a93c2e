// Go: the workloads of workloads.h, and those of handoff.c, in its own words.
package main

import (
	"fmt"
	"net"
	"os"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"time"
	"unsafe"
)

var (
	n        int
	began    time.Time
	beganCPU int64
	sum      uint64
)

func cpu() int64 {
	var t syscall.Timespec
	const processCPU = 2
	syscall.RawSyscall(syscall.SYS_CLOCK_GETTIME, processCPU, uintptr(unsafe.Pointer(&t)), 0)
	return t.Nano()
}

func rss() int64 {
	b, err := os.ReadFile("/proc/self/statm")
	if err != nil {
		wrong(err.Error())
	}
	pages, _ := strconv.ParseInt(strings.Fields(string(b))[1], 10, 64)
	return pages * int64(os.Getpagesize())
}

func put(metric string, total int64, count int) {
	fmt.Println(metric, total, count)
}

func wrong(what string) {
	fmt.Fprintln(os.Stderr, "wrong result:", what)
	os.Exit(1)
}

func begin() {
	beganCPU = cpu()
	began = time.Now()
}

func end(count int) {
	wall, used := int64(time.Since(began)), cpu()-beganCPU
	put("wall", wall, count)
	put("cpu", used, count)
}

func gosched() {
	var wg sync.WaitGroup
	wg.Add(2)
	begin()
	for k := 0; k < 2; k++ {
		go func() {
			for i := 0; i < n; i++ {
				runtime.Gosched()
			}
			wg.Done()
		}()
	}
	wg.Wait()
	end(2 * n)
}

func channel() {
	there, back := make(chan int), make(chan int)
	var wg sync.WaitGroup
	wg.Add(2)
	begin()
	go func() {
		for i := 0; i < n; i++ {
			back <- <-there
		}
		wg.Done()
	}()
	go func() {
		for i := 0; i < n; i++ {
			there <- i + 1
			sum += uint64(<-back)
		}
		wg.Done()
	}()
	wg.Wait()
	end(2 * n)
	if sum != uint64(n)*uint64(n+1)/2 {
		wrong("chan")
	}
}

func spawn() {
	batch := 1000
	if n < batch {
		batch = n
	}
	begin()
	for i := 0; i < n/batch; i++ {
		var wg sync.WaitGroup
		wg.Add(batch)
		for j := 0; j < batch; j++ {
			go func() { wg.Done() }()
		}
		wg.Wait()
	}
	end(n / batch * batch)
}

func parked() {
	never := make(chan int)
	var wg sync.WaitGroup
	runtime.GC()
	before := rss()
	begin()
	wg.Add(n)
	for i := 0; i < n; i++ {
		go func() { wg.Done(); <-never }()
	}
	wg.Wait()
	runtime.Gosched()
	end(n)
	put("rss", rss()-before, n)
}

func skynode(to chan int, first, size int) {
	if size == 1 {
		to <- first
		return
	}
	from := make(chan int)
	total := 0
	for i := 0; i < 10; i++ {
		go skynode(from, first+i*(size/10), size/10)
	}
	for i := 0; i < 10; i++ {
		total += <-from
	}
	to <- total
}

func skynet() {
	to := make(chan int)
	begin()
	go skynode(to, 0, n)
	got := <-to
	end(1)
	if got != n*(n-1)/2 {
		wrong("skynet")
	}
}

func fibof(n int) int {
	if n < 2 {
		return n
	}
	to := make(chan int, 1)
	go func() { to <- fibof(n - 1) }()
	b := fibof(n - 2)
	return <-to + b
}

func fib() {
	a, b := 0, 1
	for i := 0; i < n; i++ {
		a, b = b, a+b
	}
	begin()
	got := fibof(n)
	end(1)
	if got != a {
		wrong("fib")
	}
}

func sleepers() {
	var wg sync.WaitGroup
	wg.Add(n)
	begin()
	for i := 0; i < n; i++ {
		go func() {
			for r := 0; r < 10; r++ {
				time.Sleep(10 * time.Millisecond)
			}
			wg.Done()
		}()
	}
	wg.Wait()
	end(1)
}

func compute(x uint64) uint64 {
	for i := 0; i < 1000000; i++ {
		x = x*6364136223846793005 + 1442695040888963407
	}
	return x
}

func scale() {
	var wg sync.WaitGroup
	wg.Add(n)
	begin()
	for i := 0; i < n; i++ {
		go func() { atomic.AddUint64(&sum, compute(1)|1); wg.Done() }()
	}
	wg.Wait()
	end(1)
	if sum != (compute(1)|1)*uint64(n) {
		wrong("scale")
	}
}

func cooked() {
	begin()
	for i := 0; i < n; i++ {
		syscall.Syscall(syscall.SYS_GETPID, 0, 0, 0)
	}
	end(n)
}

func raw() {
	begin()
	for i := 0; i < n; i++ {
		syscall.RawSyscall(syscall.SYS_GETPID, 0, 0, 0)
	}
	end(n)
}

// How long a goroutine that is ready waits for the only P, of one that blocks in a read of an empty pipe.
func handoff() {
	var p [2]int
	if syscall.Pipe(p[:]) != nil {
		wrong("pipe")
	}
	for i := 0; i < n; i++ {
		var wg sync.WaitGroup
		var since time.Time
		wg.Add(2)
		go func() {
			go func() {
				put("latency", int64(time.Since(since)), 1)
				wg.Done()
			}()
			var b [1]byte
			since = time.Now()
			syscall.Read(p[0], b[:])
			wg.Done()
		}()
		time.Sleep(20 * time.Millisecond)
		syscall.Write(p[1], []byte{'x'})
		wg.Wait()
	}
}

// Likewise of one that computes for some 40 ms without a call.
func preempt() {
	for i := 0; i < n; i++ {
		var wg sync.WaitGroup
		var since time.Time
		wg.Add(2)
		go func() {
			go func() {
				put("latency", int64(time.Since(since)), 1)
				wg.Done()
			}()
			since = time.Now()
			x := uint64(1)
			for i := 0; i < 40000000; i++ {
				x = x*6364136223846793005 + 1
			}
			atomic.AddUint64(&sum, x)
			wg.Done()
		}()
		wg.Wait()
	}
}

func serve(c net.Conn) {
	b := make([]byte, 4096)
	for {
		k, err := c.Read(b)
		if err != nil {
			break
		}
		if _, err = c.Write(b[:k]); err != nil {
			break
		}
	}
	c.Close()
}

func echo() {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		wrong(err.Error())
	}
	fmt.Println("port", l.Addr().(*net.TCPAddr).Port)
	for {
		c, err := l.Accept()
		if err != nil {
			return
		}
		go serve(c)
	}
}

func main() {
	if len(os.Args) == 2 && os.Args[1] == "version" {
		fmt.Println(strings.Replace(runtime.Version(), "go", "Go ", 1))
		return
	}
	if len(os.Args) != 4 {
		os.Exit(2)
	}
	procs, _ := strconv.Atoi(os.Args[2])
	n, _ = strconv.Atoi(os.Args[3])
	runtime.GOMAXPROCS(procs)
	row, ok := map[string]func(){
		"gosched": gosched, "chan": channel, "spawn": spawn, "parked": parked, "skynet": skynet, "fib": fib, "sleepers": sleepers,
		"scale": scale, "syscall": cooked, "rawsyscall": raw, "handoff": handoff, "preempt": preempt, "echo": echo,
	}[os.Args[1]]
	if !ok {
		os.Exit(2)
	}
	row()
}
