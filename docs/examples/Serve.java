// Answers many users at once from one language model:
//
//     java -cp 'java/cli/target/rondo-cli.jar:java/cli/target/lib/*' --add-modules jdk.incubator.vector \
//         --enable-native-access=ALL-UNNAMED docs/examples/Serve.java MODEL [PORT | --measure]
//     curl 'localhost:8080/?prompt=To+be&length=200'
//
// One thread steps all users side by side: with the weights in the cache a step of 64 streams costs far less than 64
// steps of one. Who comes later takes the next free stream, and nobody waits for a batch to fill.
import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import dev.rondo.network.Stepper;
import dev.rondo.text.LanguageModel;
import dev.rondo.text.Sampler;
import dev.rondo.text.Sampling;
import dev.rondo.text.Vocabulary;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.stream.Collectors;
import java.util.stream.LongStream;
import java.util.stream.Stream;

static final int STREAMS = 64;
static final int MOST_UNITS = 10_000;

void main(String[] args) throws Exception {
    if (args.length < 1) {
        IO.println("usage: Serve MODEL [PORT | --measure]");
        return;
    }
    try (var model = LanguageModel.load(Path.of(args[0]))) {
        if (args.length > 1 && args[1].equals("--measure")) {
            measure(model);
            return;
        }
        var server = HttpServer.create(new InetSocketAddress(
                InetAddress.getLoopbackAddress(), args.length > 1 ? Integer.parseInt(args[1]) : 8080), 0);
        try (var answers = new Answers(model, STREAMS); var threads = Executors.newVirtualThreadPerTaskExecutor()) {
            server.setExecutor(threads);
            server.createContext("/", exchange -> serve(exchange, answers));
            server.start();
            IO.println("listening on " + server.getAddress());
            answers.join();
        } finally {
            server.stop(0);
        }
    }
}

/** One user's answer, in chunks as it comes. */
void serve(HttpExchange exchange, Answers answers) throws IOException {
    try (exchange) {
        Request request;
        try {
            var query = query(exchange.getRequestURI().getRawQuery());
            request = answers.request(query.getOrDefault("prompt", ""), number(query, "length", Integer::valueOf, 200),
                    Sampling.defaults().temperature(number(query, "temperature", Double::valueOf, 0.8))
                            .seed(number(query, "seed", Long::valueOf, System.nanoTime())));
        } catch (IllegalArgumentException e) { // a character that the model does not know, a length that is no number
            byte[] message = (e.getMessage() + "\n").getBytes(StandardCharsets.UTF_8);
            exchange.sendResponseHeaders(400, message.length);
            exchange.getResponseBody().write(message);
            return;
        }
        exchange.getResponseHeaders().set("Content-Type", "text/plain; charset=utf-8");
        exchange.sendResponseHeaders(200, 0);
        var parts = new LinkedBlockingQueue<String>(); // so that a slow connection holds up nobody else
        var answer = answers.submit(request, parts::add);
        answer.whenComplete((_, _) -> parts.add(""));
        try {
            for (String part = take(parts); !part.isEmpty(); part = take(parts)) {
                exchange.getResponseBody().write(part.getBytes(StandardCharsets.UTF_8));
                exchange.getResponseBody().flush();
            }
        } finally {
            answer.cancel(false); // of a user who went away; else it is done
        }
    }
}

static String take(LinkedBlockingQueue<String> parts) throws IOException {
    try {
        return parts.take();
    } catch (InterruptedException e) {
        throw new IOException("stopped", e);
    }
}

static Map<String, String> query(String raw) {
    return raw == null ? Map.of() : Stream.of(raw.split("&")).map(pair -> pair.split("=", 2)).collect(Collectors.toMap(
            pair -> pair[0], pair -> URLDecoder.decode(pair[pair.length - 1], StandardCharsets.UTF_8),
            (_, last) -> last));
}

static <N> N number(Map<String, String> query, String name, Function<String, N> parser, N otherwise) {
    try {
        return query.containsKey(name) ? parser.apply(query.get(name)) : otherwise;
    } catch (NumberFormatException e) {
        throw new IllegalArgumentException(name + ": expected a number, got " + query.get(name), e);
    }
}

/** What a user wants. */
record Request(int[] prompt, int length, Sampler sampler, Vocabulary.Decoder decoder) {}

/** One thread that steps all users' streams together. */
static final class Answers implements AutoCloseable {
    private final Vocabulary vocabulary;
    private final Stepper stepper;
    private final int streams;
    private final LinkedBlockingQueue<Answer> waiting = new LinkedBlockingQueue<>();
    private final Thread thread;
    private volatile boolean ended;

    /** A request on its way. */
    private static final class Answer {
        private final Request request;
        private final Consumer<String> sink;
        private final CompletableFuture<Void> done = new CompletableFuture<>();
        private int read; // tokens of the prompt
        private int written;
        private int token; // the last one that was drawn

        Answer(Request request, Consumer<String> sink) {
            this.request = request;
            this.sink = sink;
        }

        int next() {
            return read < request.prompt.length ? request.prompt[read++] : token;
        }

        /** Draws from the logits at {@code from} once the prompt is read; returns whether it was the last. */
        boolean draws(float[] logits, int from) {
            if (read < request.prompt.length) {
                return false;
            }
            token = request.sampler.next(logits, from);
            hand(request.decoder.next(token));
            if (++written < request.length) {
                return false;
            }
            hand(request.decoder.finish());
            done.complete(null);
            return true;
        }

        private void hand(String text) {
            if (!text.isEmpty()) {
                sink.accept(text);
            }
        }
    }

    Answers(LanguageModel model, int streams) {
        this.vocabulary = model.vocabulary();
        this.stepper = model.network().stepper(streams);
        this.streams = streams;
        this.thread = Thread.ofPlatform().name("answers").start(this::run);
    }

    /** {@return a request, if it can be answered} */
    Request request(String prompt, int length, Sampling sampling) {
        if (length < 1 || length > MOST_UNITS) {
            throw new IllegalArgumentException("length: expected 1 to " + MOST_UNITS + ", got " + length);
        }
        int[] tokens = vocabulary.encode(prompt);
        int[] line = vocabulary.lineStart().stream().toArray();
        if (tokens.length == 0 && line.length == 0) {
            throw new IllegalArgumentException("prompt: expected at least one " + vocabulary.unit().singular());
        }
        return new Request(tokens.length == 0 ? line : tokens, length, new Sampler(sampling, vocabulary.size()),
                vocabulary.decoder(prompt));
    }

    /** {@return a request of {@code length} units after the first of the vocabulary} */
    Request request(long seed, int length) {
        return new Request(new int[1], length, new Sampler(Sampling.defaults().seed(seed), vocabulary.size()),
                vocabulary.decoder(""));
    }

    CompletableFuture<Void> submit(Request request, Consumer<String> sink) {
        var answer = new Answer(request, sink);
        waiting.add(answer);
        if (ended) { // and looks no more at who waits
            answer.done.cancel(false);
        }
        return answer.done;
    }

    private void run() {
        var present = new Answer[streams];
        var active = new boolean[streams];
        var tokens = new int[streams];
        var logits = new float[streams * vocabulary.size()];
        int count = 0;
        try {
            while (!Thread.interrupted()) {
                Answer next = count == 0 ? waiting.take() : waiting.poll();
                for (int s = 0; next != null && s < streams; s++) {
                    if (!active[s]) {
                        present[s] = next;
                        active[s] = true;
                        stepper.reset(s);
                        count++;
                        next = count < streams ? waiting.poll() : null;
                    }
                }
                for (int s = 0; s < streams; s++) {
                    if (active[s] && present[s].done.isCancelled()) {
                        active[s] = false;
                        count--;
                    }
                    tokens[s] = active[s] ? present[s].next() : 0;
                }
                stepper.step(tokens, active, logits);
                for (int s = 0; s < streams; s++) {
                    if (active[s] && present[s].draws(logits, s * vocabulary.size())) {
                        active[s] = false;
                        count--;
                    }
                }
            }
        } catch (InterruptedException e) {
            // closed: who still waits is told
        } finally {
            ended = true;
            stepper.close();
            Stream.concat(Arrays.stream(present).filter(Objects::nonNull), waiting.stream())
                    .forEach(answer -> answer.done.cancel(false));
        }
    }

    void join() throws InterruptedException {
        thread.join();
    }

    @Override
    public void close() throws InterruptedException {
        thread.interrupt();
        thread.join();
    }
}

/** Users who ask again as soon as they have their answer of 200 units; how long each unit takes to come. */
void measure(LanguageModel model) throws Exception {
    IO.println(String.format("%8s %10s %12s %12s %12s    µs from one to the next", "streams",
            model.vocabulary().unit().plural() + "/s", "p50", "p99", "p99.9"));
    for (int users : new int[] {1, 8, 64}) {
        try (var answers = new Answers(model, users)) {
            times(answers, users, 3); // until it is compiled
            long[] times = times(answers, users, 10);
            IO.println(String.format("%8d %10.0f %12.1f %12.1f %12.1f", users, times.length / 10.0,
                    percentile(times, 0.5), percentile(times, 0.99), percentile(times, 0.999)));
        }
    }
}

/** {@return nanoseconds from each unit of each user to the next, or from the request to the first, ascending} */
long[] times(Answers answers, int users, int seconds) throws Exception {
    var all = new ConcurrentLinkedQueue<long[]>();
    var running = new ArrayList<Future<?>>();
    long end = System.nanoTime() + seconds * 1_000_000_000L;
    try (var threads = Executors.newVirtualThreadPerTaskExecutor()) {
        for (int user = 0; user < users; user++) {
            long seed = user;
            running.add(threads.submit(() -> {
                for (long n = seed; System.nanoTime() < end; n += users) {
                    var times = new long[200];
                    var last = new long[] {System.nanoTime(), 0};
                    answers.submit(answers.request(n, times.length), _ -> {
                        long now = System.nanoTime();
                        times[(int) last[1]++] = now - last[0];
                        last[0] = now;
                    }).join();
                    all.add(Arrays.copyOf(times, (int) last[1]));
                }
                return null;
            }));
        }
        for (Future<?> user : running) {
            user.get();
        }
    }
    return all.stream().flatMapToLong(LongStream::of).sorted().toArray();
}

static double percentile(long[] ascending, double share) {
    return ascending[(int) Math.ceil(share * ascending.length) - 1] / 1e3;
}
