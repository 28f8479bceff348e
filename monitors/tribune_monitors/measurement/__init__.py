"""From rows to the numbers of a report: a monitor's own, local ones, and checks of somebody's."""
