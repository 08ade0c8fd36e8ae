package dev.rondo.train;

/**
 * The schedule that falls when the validation loss does not.
 *
 * @param fall what the factor is multiplied with
 * @param patience validations without a new lowest loss until then
 * @param current the present factor
 * @param lowest the lowest loss so far
 * @param waited validations since then, or since the last fall
 */
record Plateau(double fall, int patience, double current, double lowest, int waited) implements LearningRate {
    Plateau {
        Settings.positive("factor", fall);
        Settings.belowOne("factor", fall);
        Settings.atLeastOne("patience", patience);
    }

    @Override
    public double factor(long step) {
        return current;
    }

    @Override
    public LearningRate after(double validationLoss) {
        if (validationLoss < lowest) {
            return new Plateau(fall, patience, current, validationLoss, 0);
        }
        return waited + 1 < patience
                ? new Plateau(fall, patience, current, lowest, waited + 1)
                : new Plateau(fall, patience, current * fall, lowest, 0);
    }

    @Override
    public double[] memory() {
        return new double[] {current, lowest, waited};
    }

    @Override
    public LearningRate remembering(double[] memory) {
        return new Plateau(fall, patience, memory[0], memory[1], (int) memory[2]);
    }
}
