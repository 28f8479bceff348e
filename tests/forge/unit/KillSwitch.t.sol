// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Outcome} from "../../../contracts/interfaces/IKillSwitch.sol";
import {State} from "../../../contracts/interfaces/IModelStatus.sol";
import {World} from "../support/World.sol";
import {vm} from "../support/Vm.sol";

/// @notice States of a model and what leads from one to another.
contract KillSwitchStatesTest is World {
    function test_trip__covered__suspendsUntilTheBound() public {
        uint256 caseId = _breach(TRIP, 2);
        _is(State.Suspended);
        vm.assertEq(_case(caseId).bound, block.timestamp + SUSPENSION);
        vm.warp(_case(caseId).bound - 1);
        _is(State.Suspended);
        vm.warp(_case(caseId).bound);
        _is(State.Active);
    }

    function test_pause__vote_passed__pauses() public {
        uint256 caseId = _pause(2);
        _is(State.Paused);
        vm.assertEq(uint256(_case(caseId).outcome), uint256(Outcome.Upheld));
    }

    function test_resume__vote_passed__activates() public {
        _pause(2);
        _resume();
        _is(State.Active);
    }
}
