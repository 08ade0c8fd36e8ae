package dev.rondo.network;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.rondo.cell.Backend;
import dev.rondo.cell.lstm.Lstm;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;

/** Closing, in every order and from other threads. */
class LifecycleTest {
    private static Network network() {
        return Network.oneHot(5).layer(Lstm.of(16)).classes(5).backend(Backend.REFERENCE).build();
    }

    private static SequenceBatch batch(int timeSteps) {
        return SequenceBatch.tokens(new int[timeSteps], timeSteps, 1).targets(new int[timeSteps]);
    }

    @Test
    void afterTheNetworkIsClosedNothingWorks() {
        Network network = network();
        NetworkPass pass = network.pass(4, 1);
        Stepper stepper = network.stepper();
        pass.forward(batch(4));
        network.close();
        network.close();
        assertTrue(network.isClosed());
        assertClosed("network", () -> pass.forward(batch(4)));
        assertClosed("network", pass::backward);
        assertClosed("network", () -> stepper.step(1, new float[5]));
        assertClosed("network", network::stepper);
        assertClosed("network", () -> network.pass(4, 1));
        assertClosed("network", () -> network.inference(4, 1));
        assertThrows(IllegalStateException.class, () -> network.parameters().view("head.bias").fill((byte) 0));
        pass.close();
        stepper.close();
    }

    @Test
    void afterAPassIsClosedItDoesNotWork() {
        try (Network network = network()) {
            NetworkPass pass = network.pass(4, 1);
            pass.forward(batch(4));
            pass.close();
            pass.close();
            assertClosed("pass", () -> pass.forward(batch(4)));
            assertClosed("pass", pass::backward);
            assertClosed("pass", pass::resetState);
            assertThrows(IllegalStateException.class, () -> pass.outputs().fill((byte) 0));

            Stepper stepper = network.stepper();
            stepper.close();
            stepper.close();
            assertClosed("stepper", () -> stepper.step(1, new float[5]));
            assertClosed("stepper", stepper::reset);
        }
    }

    private static void assertClosed(String owner, Runnable use) {
        assertEquals(owner + " is closed", assertThrows(IllegalStateException.class, use::run).getMessage());
    }

    @Test
    void whileAPassRunsNothingCanBeClosed() {
        Network network = network();
        NetworkPass pass = network.pass(4, 1);
        var guard = new PassGuard(network.parameters().workspace(), pass.workspace());
        guard.enter();
        String running = ": cannot close while 1 passes are running";
        assertEquals("network" + running, assertThrows(IllegalStateException.class, network::close).getMessage());
        assertEquals("pass" + running, assertThrows(IllegalStateException.class, pass::close).getMessage());
        guard.exit();
        pass.forward(batch(4));
        pass.close();
        network.close();
    }

    @Test
    void onePassServesOneThread() {
        try (Network network = network(); var pass = network.pass(4, 1)) {
            var guard = new PassGuard(network.parameters().workspace(), pass.workspace());
            guard.enter();
            assertEquals("pass: one thread at a time; another is at work",
                    assertThrows(IllegalStateException.class, guard::enter).getMessage());
            guard.exit();
            guard.enter();
            guard.exit();
        }
    }

    /**
     * A thread runs passes without end; closing under it is refused or, between two passes, ends it with an exception.
     */
    @Test
    void closingUnderARunningThreadIsSafe() throws InterruptedException {
        Network network = network();
        NetworkPass pass = network.pass(200, 1);
        SequenceBatch batch = batch(200);
        var end = new AtomicReference<IllegalStateException>();
        var started = new CountDownLatch(1);
        Thread runner = Thread.ofPlatform().start(() -> {
            try {
                while (true) {
                    pass.forward(batch);
                    pass.backward();
                    started.countDown();
                }
            } catch (IllegalStateException e) {
                end.set(e);
            }
        });
        started.await();
        while (!network.isClosed()) {
            try {
                network.close();
            } catch (IllegalStateException e) {
                assertEquals("network: cannot close while", e.getMessage().substring(0, 27));
            }
        }
        runner.join();
        assertEquals("network is closed", end.get().getMessage());
        pass.close();
    }
}
