package dev.rondo.train;

import jdk.jfr.Category;
import jdk.jfr.Description;
import jdk.jfr.Event;
import jdk.jfr.Label;
import jdk.jfr.Name;
import jdk.jfr.StackTrace;
import jdk.jfr.Timespan;

/** One step of a trainer, in Flight Recorder. */
@Name("dev.rondo.TrainStep")
@Label("Training Step")
@Category("Rondo")
@Description("One step of a trainer, by what was done (forward, backward, update) and by what for (input, recurrent, "
        + "head, optimizer); of Trainer.update the last alone")
@StackTrace(false)
final class TrainStepEvent extends Event {
    @Label("Forward")
    @Description("The pass over the batch, with the loss; 0 of Trainer.update, which runs none")
    @Timespan(Timespan.NANOSECONDS)
    long forward;

    @Label("Backward")
    @Description("The pass back, with setting the gradients to zero before it; 0 of Trainer.update")
    @Timespan(Timespan.NANOSECONDS)
    long backward;

    @Label("Update")
    @Description("Norm, clipping and optimiser")
    @Timespan(Timespan.NANOSECONDS)
    long update;

    @Label("Input")
    @Description("Of forward and backward: taking in the batch, the embedding")
    @Timespan(Timespan.NANOSECONDS)
    long input;

    @Label("Recurrent")
    @Description("Of forward and backward: the layers")
    @Timespan(Timespan.NANOSECONDS)
    long recurrent;

    @Label("Head")
    @Description("Of forward and backward: the head and the loss")
    @Timespan(Timespan.NANOSECONDS)
    long head;

    @Label("Optimizer")
    @Description("Setting the gradients to zero, and the update")
    @Timespan(Timespan.NANOSECONDS)
    long optimizer;

    @Label("Step")
    @Description("Its number, from 1 on")
    long step;

    @Label("Loss")
    @Description("Mean over what counted, before the update")
    double loss;

    @Label("Counted")
    @Description("Positions or elements that counted in the loss")
    long counted;

    @Label("Gradient Norm")
    @Description("Euclidean norm of all gradients, before clipping")
    double gradientNorm;
}
