// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Deciders} from "./Deciders.sol";
import {Guards} from "./Guards.sol";
import {Voters} from "./Voters.sol";
import {vm} from "../support/Vm.sol";

/// @notice Plays everybody on a world with three models, two of them not active yet.
contract Handler is Deciders, Voters, Guards {
    function setUp() public override {
        super.setUp();
        vm.startPrank(STEWARD);
        models = [MODEL, registry.registerModel("second"), registry.registerModel("third")];
        lawless = registry.registerModel("without a policy");
        registry.registerVersion(lawless, _version());
        vm.stopPrank();
        for (uint256 i = 1; i < models.length; ++i) {
            vm.prank(admin);
            policies.setPolicy(models[i], _policy());
        }
        for (uint256 i = 0; i < models.length; ++i) {
            _seen[models[i]] = killSwitch.statusOf(models[i]);
        }
        _startPower();
    }

    /// @notice What forge may call; what votes need comes more often than the rest.
    function selectors() external pure returns (bytes4[] memory) {
        bytes4[33] memory all = [
            this.report.selector, this.cartel.selector, this.replay.selector, this.anchor.selector,
            this.openCase.selector, this.relay.selector, this.vote.selector, this.whale.selector,
            this.execute.selector, this.poke.selector, this.callResume.selector, this.meddle.selector,
            this.newVersion.selector, this.activate.selector, this.transfer.selector, this.setPolicy.selector,
            this.setParameters.selector, this.retire.selector, this.adopt.selector, this.intrude.selector,
            this.dissent.selector, this.pokeStale.selector, this.callPause.selector, this.guard.selector,
            this.haltAll.selector, this.decree.selector, this.rearm.selector, this.replaceGovernor.selector,
            this.pass.selector, this.report.selector, this.poke.selector, this.relay.selector,
            this.openCase.selector
        ];
        bytes4[] memory list = new bytes4[](all.length);
        for (uint256 i = 0; i < all.length; ++i) {
            list[i] = all[i];
        }
        return list;
    }
}
